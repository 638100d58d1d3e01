//! Quantised codes: how much of a codebook is used.

use super::Figure;
use crate::Model;

/// The use of each codebook while training, and what a code costs to store.
pub(super) fn figures(model: &Model) -> Vec<Figure> {
    let network = model.network();
    let latent = network.latent();
    let books = network.codebooks(model.parameters());
    let several = books.len() > 1;
    let mut figures = Vec::new();
    for (number, book) in books.into_iter().enumerate() {
        let name = |name: &str| if several { format!("{name}{}", number + 1) } else { name.to_owned() };
        #[allow(clippy::cast_precision_loss)]
        let (used, codes) = (book.used as f64, book.codes as f64);
        figures.push(Figure::new(&name("codes_used"), used, "vectors of the codebook in use"));
        figures.push(Figure::new(
            &name("perplexity"),
            book.perplexity,
            "vectors used equally often that would say as much",
        ));
        if !several {
            #[allow(clippy::cast_precision_loss)]
            let bits = latent.area() as f64 * codes.log2();
            figures.push(Figure::new(
                "code_bits",
                bits,
                "bits that the code of an image takes, uncompressed",
            ));
        }
    }
    figures
}

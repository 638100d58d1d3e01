//! Panics of a library, caught where it should have given an error, without a word on stderr.

use std::cell::Cell;
use std::panic::{UnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is going to be caught, and told in an error's own words.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// What `work` gives; none if it panics, of which nothing is printed. Work that it hands to other threads is not covered.
pub(crate) fn catch<T>(work: impl FnOnce() -> T + UnwindSafe) -> Option<T> {
    static ONCE: Once = Once::new();
    // The hook of the whole program stays the one that it was for every other panic.
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_CAUGHT.try_with(Cell::get).unwrap_or(false) {
                before(panic);
            }
        }));
    });
    let outer = IS_CAUGHT.replace(true);
    let result = catch_unwind(work);
    IS_CAUGHT.set(outer);
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_none_and_the_thread_tells_of_later_ones() {
        assert_eq!(catch(|| 3), Some(3));
        assert_eq!(catch(|| -> u8 { panic!("inside") }), None);
        assert!(!IS_CAUGHT.with(Cell::get));
        // One within another, which goes on after it.
        let both = catch(|| (catch(|| -> u8 { panic!("inner") }), IS_CAUGHT.with(Cell::get)));
        assert_eq!(both, Some((None, true)));
    }
}

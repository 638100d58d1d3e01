//! Reading, computing and writing at the same time.

use std::iter;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Parts that wait between one who makes them and one who takes them. One is enough to keep both busy.
const WAITING: usize = 1;

/// What comes in place of a part where none will come any more, because something before has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped, as something else has failed")]
pub struct Stopped;

/// A writer's view of the parts: in their order, then the end, or [`Stopped`] if what came is not all.
pub type Computed<'a, B> = &'a mut dyn Iterator<Item = Result<B, Stopped>>;

/// Takes parts from `parts` on a thread of its own, lets each through `compute` here, and gives the results to `write`
/// on a third thread. At most five parts are held at a time, whatever their number.
///
/// The outcome is that of doing one after the other, part by part: the error is the first in the order of the parts, and
/// of a part's the one that comes first. Nothing is taken, computed or written after it but what already waits. A `write`
/// that is given [`Stopped`] has to undo what it did; what it returns then is not looked at.
///
/// ```
/// use tenun::overlap::overlap;
///
/// let mut sum = 0;
/// overlap::<_, _, std::num::ParseIntError>(
///     ["1", "2", "3"].map(str::parse::<u32>).into_iter(),
///     |number| Ok(number * number),
///     |squares| {
///         sum = squares.flatten().sum();
///         Ok(())
///     },
/// )?;
/// assert_eq!(sum, 14);
/// # Ok::<(), std::num::ParseIntError>(())
/// ```
///
/// # Errors
/// What `parts`, `compute` or `write` say.
pub fn overlap<A: Send, B: Send, E: Send>(
    parts: impl Iterator<Item = Result<A, E>> + Send,
    mut compute: impl FnMut(A) -> Result<B, E>,
    write: impl FnOnce(Computed<'_, B>) -> Result<(), E> + Send,
) -> Result<(), E> {
    // Whether the writer was told that it has not got all: its error is then no news.
    let told = AtomicBool::new(false);
    thread::scope(|scope| {
        let (to_compute, read) = sync_channel(WAITING);
        let (to_write, computed) = sync_channel(WAITING);
        scope.spawn(move || {
            for part in parts {
                let failed = part.is_err();
                // Nobody who takes it: something after this has failed.
                if to_compute.send(Some(part)).is_err() || failed {
                    return;
                }
            }
            end(&to_compute);
        });
        let told = &told;
        let writer = scope.spawn(move || {
            write(&mut until_end(&computed).inspect(|part: &Result<B, Stopped>| {
                told.fetch_or(part.is_err(), Ordering::Relaxed);
            }))
        });
        let mut failed = None;
        for part in until_end(&read) {
            // A reader that panicked ends the program when the threads are joined; the writer must not take it for the end.
            let Ok(part) = part else {
                failed = Some(None);
                break;
            };
            match part.and_then(&mut compute) {
                Ok(result) => {
                    // The writer has ended before its time, and says why.
                    if to_write.send(Some(result)).is_err() {
                        break;
                    }
                }
                Err(error) => {
                    failed = Some(Some(error));
                    break;
                }
            }
        }
        // The reader stops at the part that it is at, and the writer hears the end, or that there is none.
        drop(read);
        if failed.is_none() {
            end(&to_write);
        }
        drop(to_write);
        let written = writer.join().unwrap_or_else(|panic| resume_unwind(panic));
        match (written, failed.flatten()) {
            (Err(own), _) if !told.load(Ordering::Relaxed) => Err(own),
            (_, Some(error)) => Err(error),
            (written, None) => written,
        }
    })
}

/// Says that all parts have been given. If nobody listens any more, nobody needs to know.
fn end<T>(to: &SyncSender<Option<T>>) {
    let _ = to.send(None);
}

/// The parts that come, until the end; [`Stopped`] if who gives them is gone without having said that it is the end.
fn until_end<T>(from: &Receiver<Option<T>>) -> impl Iterator<Item = Result<T, Stopped>> {
    let mut over = false;
    iter::from_fn(move || {
        if over {
            return None;
        }
        let part = from.recv().map_err(|_| Stopped).transpose();
        over = !matches!(part, Some(Ok(_)));
        part
    })
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Runs ten parts, of which reading, computing or writing fails at the one given; the error, how many parts were
    /// begun to be read, the parts written, and whether the writer saw a proper end.
    fn run(
        reading: usize,
        computing: usize,
        writing: usize,
    ) -> (Result<(), String>, usize, Vec<usize>, bool) {
        let begun = AtomicUsize::new(0);
        let (mut written, mut ended) = (Vec::new(), false);
        let part = |part: usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            if part == reading { Err(format!("read {part}")) } else { Ok(part) }
        };
        let result = overlap(
            (0..10).map(part),
            |part| if part == computing { Err(format!("compute {part}")) } else { Ok(part) },
            |parts| {
                for part in parts {
                    let part = part.map_err(|stopped| stopped.to_string())?;
                    if part == writing {
                        return Err(format!("write {part}"));
                    }
                    written.push(part);
                }
                ended = true;
                Ok(())
            },
        );
        (result, begun.into_inner(), written, ended)
    }

    #[test]
    fn all_parts_come_in_their_order() {
        assert_eq!(run(99, 99, 99), (Ok(()), 10, (0..10).collect(), true));
        let none =
            overlap::<(), (), ()>(
                iter::empty(),
                Ok,
                |parts| if parts.next().is_none() { Ok(()) } else { Err(()) },
            );
        assert_eq!(none, Ok(()));
    }

    #[test]
    fn the_first_error_in_the_order_of_the_parts_is_the_one_given() {
        for at in 0..10 {
            let (result, begun, written, ended) = run(at, 99, 99);
            assert_eq!((result, begun, ended), (Err(format!("read {at}")), at + 1, false));
            assert_eq!(written, (0..at).collect::<Vec<_>>());

            let (result, begun, written, ended) = run(99, at, 99);
            assert_eq!((result, ended), (Err(format!("compute {at}")), false));
            assert_eq!(written, (0..at).collect::<Vec<_>>());
            assert!(begun <= at + 3, "{begun} parts were read, {at} computed");

            let (result, begun, written, ended) = run(99, 99, at);
            assert_eq!((result, ended), (Err(format!("write {at}")), false));
            assert_eq!(written, (0..at).collect::<Vec<_>>());
            assert!(begun <= at + 6, "{begun} parts were read, {at} written");
        }
        // The same again and again: who is quicker does not matter.
        for _ in 0..50 {
            assert_eq!(run(5, 99, 4).0, Err("write 4".into()));
            assert_eq!(run(4, 99, 5).0, Err("read 4".into()));
            assert_eq!(run(4, 4, 4).0, Err("read 4".into()));
            assert_eq!(run(99, 4, 4).0, Err("compute 4".into()));
        }
    }

    #[test]
    fn no_writer_takes_a_panic_for_the_end() {
        for place in 0..3 {
            let mut ended = false;
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                let panic_at = |here: usize, part: usize| assert!((here, part) != (place, 3), "as intended");
                overlap::<_, _, ()>(
                    (0..5).map(|part| {
                        panic_at(0, part);
                        Ok(part)
                    }),
                    |part| {
                        panic_at(1, part);
                        Ok(part)
                    },
                    |parts| {
                        for part in parts {
                            panic_at(2, part.map_err(|_| ())?);
                        }
                        ended = true;
                        Ok(())
                    },
                )
            }));
            assert!(panicked.is_err() && !ended, "{place}");
        }
    }
}

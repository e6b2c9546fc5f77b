//! The corpus of the fuzz targets, and thousands of inputs made from it by chance that repeats:
//! what the targets assert holds of each. The fuzzer itself needs a build of its own; this is what
//! every run of the tests can afford. See `docs/fuzzing.md`.

use std::path::Path;

#[path = "../fuzz/entry.rs"]
mod entry;

/// How many inputs are made from each of the corpus.
const MUTATIONS: u64 = 150;

/// Chance that can be repeated: xorshift64*.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound.max(1) as u64)
            .expect("it is below a usize")
    }

    /// `bytes` with a few changes: bits, bytes that mean something, pieces cut, repeated, or taken
    /// from `other`.
    fn mutated(&mut self, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(64)).min(bytes.len());
            match self.below(6) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[at] = b"\0\xff\"\\{}[]\n9-/."[self.below(13)],
                2 => drop(bytes.drain(at.min(end)..end)),
                3 => bytes.truncate(at),
                4 => {
                    let piece = bytes[at.min(end)..end].to_vec();
                    bytes.splice(at..at, piece.repeat(1 + self.below(40)));
                }
                _ => {
                    let from = self.below(other.len());
                    bytes.splice(
                        at..end.max(at),
                        other[from..(from + 200).min(other.len())].iter().copied(),
                    );
                }
            }
        }
        bytes
    }
}

#[test]
fn what_the_fuzz_targets_assert_holds_of_the_corpus_and_of_what_is_made_from_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    for (number, (target, run)) in (1..).zip(entry::TARGETS) {
        assert!(
            root.join(format!("targets/{target}.rs")).exists(),
            "{target}"
        );
        let mut corpus: Vec<_> = std::fs::read_dir(root.join("corpus").join(target))
            .expect(target)
            .map(|entry| entry.expect("an entry").path())
            .collect();
        corpus.sort();
        let corpus: Vec<Vec<u8>> = corpus
            .iter()
            .map(|path| std::fs::read(path).expect("a file"))
            .collect();
        assert!(corpus.len() >= 2, "{target} has {} inputs", corpus.len());
        let mut chance = Chance(number);
        for bytes in &corpus {
            run(bytes);
            for _ in 0..MUTATIONS {
                let other = &corpus[chance.below(corpus.len())];
                run(&chance.mutated(bytes, other));
            }
        }
    }
}

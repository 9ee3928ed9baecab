//! Chance that follows from a number, and the numbers that somebody asks for.

use std::{env, ops::Range};

/// A small generator of numbers, the same for the same seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }
}

/// The range that `FAULTS=FIRST..END` asks for.
pub fn asked_for() -> Option<Range<u64>> {
    let range = env::var("FAULTS").ok()?;
    let (first, end) = range.split_once("..").expect("FIRST..END");
    let number = |text: &str| text.parse().expect("a number");
    Some(number(first)..number(end))
}

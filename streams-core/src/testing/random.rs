//! Random numbers for tests that can be repeated, and the seed that they follow from.
//!
//! The numbers are the same on every machine and in every version. They are not for secrets.

/// The environment variable that chooses a seed.
const SEED: &str = "STREAMS_SEED";

/// Random numbers that follow from a seed (SplitMix64).
///
/// ```
/// use streams_core::testing::Random;
///
/// let (mut one, mut other) = (Random::new(7), Random::new(7));
/// assert_eq!(one.below(100), other.below(100));
/// assert!(["a", "b"].contains(&one.of(&["a", "b"])));
/// ```
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of this seed.
    pub const fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// The next number.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        Self::spread(self.0)
    }

    /// A number below `end`, which is at least 1.
    ///
    /// # Panics
    /// If `end` is 0.
    #[inline]
    pub fn below(&mut self, end: usize) -> usize {
        (self.next_u64() % end as u64) as usize
    }

    /// One of these.
    ///
    /// # Panics
    /// If there are none.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Spreads neighbouring numbers over all of them: the same number for the same number.
    #[inline]
    pub const fn spread(number: u64) -> u64 {
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }
}

/// The seed that `STREAMS_SEED` names in the environment, decimal or with `0x`; `None` if it is not set.
///
/// ```
/// // A test with a seed of its own, which prints the one that it takes.
/// let seed = streams_core::testing::given_seed()?.unwrap_or(1);
/// println!("STREAMS_SEED={seed:#x}");
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
/// Says what is set if that is no number of 64 bits.
pub fn given_seed() -> Result<Option<u64>, String> {
    let Some(text) = std::env::var_os(SEED) else { return Ok(None) };
    let text = text.to_string_lossy();
    let number = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.map(Some).map_err(|_| format!("{SEED} is `{text}`, which is no number of 64 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_seed_are_those_of_splitmix64() {
        let mut random = Random::new(1_234_567);
        let numbers: Vec<u64> = (0..3).map(|_| random.next_u64()).collect();
        assert_eq!(
            numbers,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }
}

//! Which partition a key belongs to: what the Java producer computes.

/// Murmur2 with Kafka's seed, as the Java client computes it.
pub fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ bytes.len() as u32;
    let mut words = bytes.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes([word[0], word[1], word[2], word[3]]).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let tail = words.remainder();
    if !tail.is_empty() {
        for (index, byte) in tail.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// The partition of `partitions` (at least 1) that records with this key go to, as the Java producer decides
/// (Kafka's default partitioner for a key that is not null).
pub fn partition_for_key(key: &[u8], partitions: u32) -> u32 {
    (murmur2(key) & 0x7fff_ffff) % partitions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_java_client() {
        let vectors: [(&[u8], u32); 8] = [
            (b"", 0x106e_08d9),
            (b"a", 0xa2d0_b27c),
            (b"ab", 0x12d8_262a),
            (b"abc", 0x1c94_221b),
            (b"abcd", 0xb11a_b5f4),
            (b"kafka", 0xd067_cf64),
            ("日本".as_bytes(), 0xd63a_78f3),
            (&[0xff, 0x80, 0x7f], 0x39b6_7e0e),
        ];
        for (key, hash) in vectors {
            assert_eq!(murmur2(key), hash, "{key:?}");
        }
    }

    #[test]
    fn the_sign_bit_is_masked_not_negated() {
        assert_eq!(partition_for_key(b"a", 12), 4);
        assert_eq!(partition_for_key(b"abcd", 12), 8);
        assert_eq!(partition_for_key(b"foobar", 3), 0);
    }
}

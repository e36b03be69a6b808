//! The Merkle tree of RFC 6962 (section 2.1) over BLAKE3: its root, the path that proves one leaf, and
//! the check of a path. Leaves come hashed, under a prefix of their own; a node begins with 1, so that
//! none can be taken for a leaf. A tree is split at the largest power of two below its size.

use blake3::Hash;

/// Begins a node.
const NODE: u8 = 1;

/// The root over these leaves; `None` where there are none.
pub fn root(leaves: &[Hash]) -> Option<Hash> {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = level.chunks(2).map(parent).collect();
    }
    level.first().copied()
}

/// The siblings of the leaf at `place` and of all above it, the lowest first; `None` beyond the end.
pub fn path(leaves: &[Hash], place: usize) -> Option<Vec<Hash>> {
    leaves.get(place)?;
    let (mut level, mut place, mut path) = (leaves.to_vec(), place, Vec::new());
    while level.len() > 1 {
        path.extend(level.get(place ^ 1));
        level = level.chunks(2).map(parent).collect();
        place /= 2;
    }
    Some(path)
}

/// The root that `leaf` has at `place` among `size` leaves, by this path; `None` where the path is
/// none of that place.
pub fn root_by(leaf: Hash, place: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if place >= size {
        return None;
    }
    let (mut hash, mut place, mut last) = (leaf, place, size - 1);
    let mut path = path.iter();
    while last > 0 {
        if place % 2 == 1 {
            hash = node(path.next()?, &hash);
        } else if place < last {
            hash = node(&hash, path.next()?);
        }
        (place, last) = (place / 2, last / 2);
    }
    path.next().is_none().then_some(hash)
}

/// A node without a sibling moves up as it is.
fn parent(children: &[Hash]) -> Hash {
    match children {
        [left, right] => node(left, right),
        _ => children[0],
    }
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [0; 65];
    bytes[0] = NODE;
    bytes[1..33].copy_from_slice(left.as_bytes());
    bytes[33..].copy_from_slice(right.as_bytes());
    blake3::hash(&bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count)
            .map(|it| blake3::hash(&it.to_be_bytes()))
            .collect()
    }

    /// The definition of RFC 6962, word for word.
    fn by_definition(leaves: &[Hash]) -> Hash {
        if let [only] = leaves {
            return *only;
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        node(&by_definition(left), &by_definition(right))
    }

    proptest! {
        #[test]
        fn the_root_is_that_of_the_definition(count in 1_usize..200) {
            let leaves = leaves(count);
            prop_assert_eq!(root(&leaves), Some(by_definition(&leaves)));
        }

        #[test]
        fn every_leaf_is_proved_and_nothing_else_is(
            (count, place) in (1_usize..200).prop_flat_map(|count| (Just(count), 0..count)),
            other in 0_usize..400,
            bit in 0_usize..256,
        ) {
            let leaves = leaves(count);
            let expected = root(&leaves);
            let path = path(&leaves, place).expect("inside");
            let (size, at) = (count as u64, place as u64);
            prop_assert_eq!(root_by(leaves[place], at, size, &path), expected);
            if other != place {
                prop_assert_ne!(root_by(leaves[place], other as u64, size, &path), expected);
            }
            prop_assert_ne!(root_by(flipped(leaves[place], bit), at, size, &path), expected);
            for step in 0..path.len() {
                let mut wrong = path.clone();
                wrong[step] = flipped(wrong[step], bit);
                prop_assert_ne!(root_by(leaves[place], at, size, &wrong), expected);
                wrong.remove(step);
                prop_assert_ne!(root_by(leaves[place], at, size, &wrong), expected);
            }
            let longer: Vec<_> = path.iter().copied().chain([leaves[0]]).collect();
            prop_assert_eq!(root_by(leaves[place], at, size, &longer), None);
        }

        #[test]
        fn two_leaves_never_change_places_unnoticed(
            count in 2_usize..100, one in any::<prop::sample::Index>(), two in any::<prop::sample::Index>(),
        ) {
            let (one, two) = (one.index(count), two.index(count));
            let (before, mut after) = (leaves(count), leaves(count));
            after.swap(one, two);
            prop_assert_eq!(root(&before) == root(&after), one == two);
        }
    }

    fn flipped(hash: Hash, bit: usize) -> Hash {
        let mut bytes = *hash.as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        Hash::from_bytes(bytes)
    }

    #[test]
    fn no_leaves_have_no_root() {
        assert_eq!(root(&[]), None);
        assert_eq!(path(&[], 0), None);
        assert_eq!(root_by(blake3::hash(b""), 0, 0, &[]), None);
    }
}

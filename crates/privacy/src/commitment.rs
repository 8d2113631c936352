//! Commitments: what an event holds in place of a personal value. Binding for ever, and hiding once the salt is
//! destroyed; never a bare hash, which anybody could try out against a list of names.
//!
//! The digest is SHA-256 over seven parts, each as its length in bytes (64 bits, big endian) and then its bytes: `tag`,
//! `salt`, `workspace`, `case`, `version` (64 bits, big endian), `field`, `bytes`. A verifier needs nothing else.

use crate::parts;

/// What is committed to, and where it stands: the same bytes in another place give another commitment.
#[derive(Clone, Copy)]
pub struct CommitmentInput<'a> {
    /// What kind of value this is, such as `countersign/field/v1`.
    pub tag: &'a str,
    /// 32 random bytes, kept beside the value and destroyed with it.
    pub salt: &'a [u8; 32],
    /// The workspace.
    pub workspace: &'a [u8; 16],
    /// The case.
    pub case: &'a [u8; 16],
    /// The version of the case's content.
    pub version: u64,
    /// The field's name.
    pub field: &'a str,
    /// The value's canonical bytes.
    pub bytes: &'a [u8],
}

/// The commitment to a value: 32 bytes. Cheap (a few hash blocks for a short value) and without allocation.
#[must_use]
pub fn commitment(input: &CommitmentInput<'_>) -> [u8; 32] {
    parts::digest([
        input.tag.as_bytes(),
        input.salt.as_slice(),
        input.workspace,
        input.case,
        &input.version.to_be_bytes(),
        input.field.as_bytes(),
        input.bytes,
    ])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INPUT: CommitmentInput<'static> = CommitmentInput {
        tag: "countersign/field/v1",
        salt: &[1; 32],
        workspace: &[2; 16],
        case: &[3; 16],
        version: 4,
        field: "body",
        bytes: b"Maria Example",
    };

    #[test]
    fn commitments_never_change() {
        // Python: hashlib.sha256 over struct.pack(">Q", len(part)) + part for the seven parts.
        assert_eq!(hex::encode(commitment(&INPUT)), "f635a0a71fa781b6dcf4eb9eabb0b54fa590e2be6df0861740b7a6790f0657c4");
        assert_eq!(
            hex::encode(commitment(&CommitmentInput { field: "", bytes: b"", ..INPUT })),
            "a16a12218e23b77c59b7ef472c7ab8938c3db34a633f739c4896175d6ded64ad"
        );
    }

    #[test]
    fn every_part_counts() {
        let changed = [
            CommitmentInput { tag: "countersign/field/v2", ..INPUT },
            CommitmentInput { salt: &[9; 32], ..INPUT },
            CommitmentInput { workspace: &[9; 16], ..INPUT },
            CommitmentInput { case: &[9; 16], ..INPUT },
            CommitmentInput { version: 5, ..INPUT },
            CommitmentInput { field: "bod", ..INPUT },
            CommitmentInput { bytes: b"Maria Exampl", ..INPUT },
        ];
        for input in changed {
            assert_ne!(commitment(&input), commitment(&INPUT));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn moving_a_boundary_changes_it(text in "[a-z]{2,24}", from in 0_usize..24, to in 0_usize..24) {
            let (from, to) = (from % (text.len() + 1), to % (text.len() + 1));
            prop_assume!(from != to);
            // The same characters, split at another place: between field and bytes, and between tag and field.
            let at = |cut: usize| text.split_at(cut);
            let of = |cut| CommitmentInput { field: at(cut).0, bytes: at(cut).1.as_bytes(), ..INPUT };
            prop_assert_ne!(commitment(&of(from)), commitment(&of(to)));
            let of = |cut| CommitmentInput { tag: at(cut).0, field: at(cut).1, ..INPUT };
            prop_assert_ne!(commitment(&of(from)), commitment(&of(to)));
        }
    }
}

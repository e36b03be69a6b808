//! A seal: the Merkle root over a run of positions, chained to the seal before it by that one's hash,
//! and signed. What is signed has a fixed form that never changes. Next: `chain` checks a row of them.

use blake3::Hash;
use chrono::{DateTime, Utc};
use ed25519_dalek::{Signer, SigningKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::PublicKey;
use crate::event::Position;

/// Begins what is signed, and tells this form from any later one.
const FORM: &[u8] = b"orderlog seal 01";

/// What a seal says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealBody {
    /// Its place among the seals: gapless, from 1.
    pub number: u64,
    /// Whose events it seals.
    pub log_id: Uuid,
    /// The first sealed position: right behind the last of the seal before.
    pub first: Position,
    /// The last sealed position.
    pub last: Position,
    /// Root of the tree over the leaves of these positions.
    #[serde(with = "hex")]
    pub root: [u8; 32],
    /// Hash of the seal before; zeros in the first one.
    #[serde(with = "hex")]
    pub previous: [u8; 32],
    /// Whose signature it bears.
    pub key: PublicKey,
    /// The key that signs all seals behind this one, where it is another.
    pub introduces: Option<PublicKey>,
    /// When it was made.
    pub sealed_at: DateTime<Utc>,
}

/// What a seal says, and the signature of its key under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// What it says.
    #[serde(flatten)]
    pub body: SealBody,
    /// The signature.
    pub signature: Signature,
}

/// An Ed25519 signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signature(#[serde(with = "hex")] pub [u8; 64]);

impl SealBody {
    /// How many events it seals.
    pub fn events(&self) -> u64 {
        (self.last + 1).saturating_sub(self.first)
    }

    /// The key that signs the seal behind it.
    pub fn next_key(&self) -> PublicKey {
        self.introduces.unwrap_or(self.key)
    }

    /// The seal, signed; the key must be the one that the body names.
    pub fn signed_by(self, key: &SigningKey) -> Seal {
        let signature = Signature(key.sign(&self.bytes()).to_bytes());
        Seal {
            body: self,
            signature,
        }
    }

    /// What is signed.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = FORM.to_vec();
        bytes.extend_from_slice(self.log_id.as_bytes());
        for number in [self.number, self.first, self.last] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        for hash in [self.root, self.previous, self.key.0] {
            bytes.extend_from_slice(&hash);
        }
        bytes.push(u8::from(self.introduces.is_some()));
        bytes.extend(self.introduces.into_iter().flat_map(|key| key.0));
        bytes.extend_from_slice(&self.sealed_at.timestamp_micros().to_be_bytes());
        bytes
    }
}

impl Seal {
    /// Whether the signature is that of the key which the seal names, under what the seal says.
    pub fn is_genuine(&self) -> bool {
        self.body.key.verifies(&self.body.bytes(), &self.signature)
    }

    /// Its hash, which the seal behind it repeats.
    pub fn hash(&self) -> Hash {
        let mut bytes = self.body.bytes();
        bytes.extend_from_slice(&self.signature.0);
        blake3::hash(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(key: &SigningKey) -> SealBody {
        SealBody {
            number: 2,
            log_id: Uuid::from_u128(1),
            first: 11,
            last: 20,
            root: [1; 32],
            previous: [2; 32],
            key: PublicKey::of(key),
            introduces: None,
            sealed_at: DateTime::from_timestamp_micros(3).expect("in range"),
        }
    }

    #[test]
    fn each_word_of_a_seal_is_signed() {
        let key = SigningKey::from_bytes(&[5; 32]);
        let other = PublicKey::of(&SigningKey::from_bytes(&[6; 32]));
        let seal = body(&key).signed_by(&key);
        assert!(seal.is_genuine());
        let changes: [fn(&mut SealBody, PublicKey); 9] = [
            |body, _| body.number = 3,
            |body, _| body.log_id = Uuid::from_u128(2),
            |body, _| body.first = 10,
            |body, _| body.last = 21,
            |body, _| body.root[31] ^= 1,
            |body, _| body.previous[0] ^= 1,
            |body, other| body.key = other,
            |body, other| body.introduces = Some(other),
            |body, _| body.sealed_at += chrono::Duration::microseconds(1),
        ];
        for change in changes {
            let mut changed = seal.clone();
            change(&mut changed.body, other);
            assert!(!changed.is_genuine(), "{changed:?}");
            assert_ne!(changed.hash(), seal.hash());
        }
        let mut forged = seal.clone();
        forged.signature.0[63] ^= 1;
        assert!(!forged.is_genuine());
        assert_ne!(forged.hash(), seal.hash());
    }

    #[test]
    fn a_seal_never_changes_its_form() {
        let key = SigningKey::from_bytes(&[5; 32]);
        let seal = body(&key).signed_by(&key);
        assert_eq!(
            seal.hash().to_hex().as_str(),
            "fdfc33a124e40e8d22e5f088be7a75d988ee75021b2fb3cc382922992bd1b1ba"
        );
        let json = serde_json::to_string(&seal).expect("JSON");
        assert_eq!(serde_json::from_str::<Seal>(&json).expect("a seal"), seal);
    }
}

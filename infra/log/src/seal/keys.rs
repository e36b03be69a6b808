//! The keys of seals. A key file holds private keys, oldest first, one per line; it is readable for
//! its owner alone. The last one is today's: where the seals don't know it yet, the next seal is
//! signed by the key before it and introduces it. Only the public halves ever leave this file.

use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::record::Signature;

/// First lines of a key file.
const HEADER: &str =
    "# Private keys of orderlog's seals, oldest first. Who reads this file can forge seals.\n";
/// Begins the line of a key.
const ALGORITHM: &str = "ed25519 ";

/// The public half of a key: who has it can check seals. Written in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(#[serde(with = "hex")] pub(super) [u8; 32]);

impl PublicKey {
    /// The public half of `key`.
    pub fn of(key: &SigningKey) -> Self {
        Self(key.verifying_key().to_bytes())
    }

    /// From its bytes, which may turn out to be no key when something is checked with them.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `signature` is its own, under `bytes`.
    pub(super) fn verifies(&self, bytes: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| key.verify_strict(bytes, &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for PublicKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        let decoded = hex::decode_to_slice(text.trim(), &mut bytes);
        let wrong = "a public key is 64 hexadecimal digits, as `orderlog seal key` prints them";
        decoded.map_err(|_| wrong)?;
        VerifyingKey::from_bytes(&bytes).map_err(|_| "these digits are no Ed25519 public key")?;
        Ok(Self(bytes))
    }
}

/// Why a key file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file can't be read or written.
    #[error("the seal key {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is not what it should be.
    #[error("the seal key {path}: line {line} is no key")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// There is no key in it.
    #[error("the seal key {path} holds no key")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Others may read it.
    #[error("the seal key {path} can be read by others: run `chmod 600 {path}`")]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// No randomness is to be had.
    #[error("no key can be drawn: {0}")]
    Chance(getrandom::Error),
}

/// Private keys, oldest first; never empty.
pub struct KeyFile {
    keys: Vec<SigningKey>,
}

impl KeyFile {
    /// Reads the file.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let text = fs::read_to_string(path).map_err(|error| failed(path, error))?;
        private(path)?;
        let lines = text.lines().enumerate();
        let keys: Result<Vec<_>, _> = lines
            .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
            .map(|(number, line)| {
                key_of(line).ok_or(KeyError::Unreadable {
                    path: path.to_owned(),
                    line: number + 1,
                })
            })
            .collect();
        match keys? {
            keys if keys.is_empty() => Err(KeyError::Empty {
                path: path.to_owned(),
            }),
            keys => Ok(Self { keys }),
        }
    }

    /// Reads the file; draws a key and writes it there where there is none.
    pub fn open_or_create(path: &Path) -> Result<Self, KeyError> {
        match Self::open(path) {
            Err(KeyError::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                let created = Self {
                    keys: vec![draw()?],
                };
                created.write(path)?;
                Ok(created)
            }
            opened => opened,
        }
    }

    /// Draws a new key and adds it to the file; answers with its public half.
    pub fn rotate(path: &Path) -> Result<PublicKey, KeyError> {
        let mut file = Self::open(path)?;
        file.keys.push(draw()?);
        file.write(path)?;
        Ok(PublicKey::of(file.newest()))
    }

    /// Public halves of all keys, oldest first.
    pub fn public(&self) -> Vec<PublicKey> {
        self.keys.iter().map(PublicKey::of).collect()
    }

    pub(super) fn newest(&self) -> &SigningKey {
        &self.keys[self.keys.len() - 1]
    }

    /// The private half of `key`, and the key that is to come after it, if there is one.
    pub(super) fn find(&self, key: PublicKey) -> Option<(&SigningKey, Option<PublicKey>)> {
        let place = self.keys.iter().position(|it| PublicKey::of(it) == key)?;
        let newer = place + 1 < self.keys.len();
        Some((
            &self.keys[place],
            newer.then(|| PublicKey::of(self.newest())),
        ))
    }

    /// Replaces the file in one step, so that it is never half written.
    fn write(&self, path: &Path) -> Result<(), KeyError> {
        let lines = self
            .keys
            .iter()
            .map(|key| format!("{ALGORITHM}{}\n", hex::encode(key.to_bytes())));
        let text: String = std::iter::once(HEADER.to_owned()).chain(lines).collect();
        let beside = path.with_added_extension("new");
        let written = fs::remove_file(&beside)
            .or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })
            .and_then(|()| create_private(&beside))
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&beside, path));
        written.map_err(|error| failed(path, error))
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyFile").field(&self.public()).finish()
    }
}

fn key_of(line: &str) -> Option<SigningKey> {
    let mut seed = [0; 32];
    hex::decode_to_slice(line.trim().strip_prefix(ALGORITHM)?.trim(), &mut seed).ok()?;
    Some(SigningKey::from_bytes(&seed))
}

fn draw() -> Result<SigningKey, KeyError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(KeyError::Chance)?;
    Ok(SigningKey::from_bytes(&seed))
}

fn failed(path: &Path, error: io::Error) -> KeyError {
    KeyError::File {
        path: path.to_owned(),
        error,
    }
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::File::options();
    options.write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<fs::File> {
    fs::File::options().write(true).create_new(true).open(path)
}

/// Refuses a key that is lying open.
#[cfg(unix)]
fn private(path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).map_err(|error| failed(path, error))?;
    match metadata.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => Err(KeyError::Exposed {
            path: path.to_owned(),
        }),
    }
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), KeyError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_drawn_once_and_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("seal.key");
        let created = KeyFile::open_or_create(&path).expect("created").public();
        let opened = KeyFile::open_or_create(&path).expect("opened").public();
        assert_eq!(created, opened);
        let new = KeyFile::rotate(&path).expect("rotated");
        let rotated = KeyFile::open(&path).expect("opened");
        assert_eq!(rotated.public(), [created[0], new]);
        assert!(matches!(rotated.find(created[0]), Some((_, Some(next))) if next == new));
        assert!(matches!(rotated.find(new), Some((_, None))));
        assert!(!format!("{rotated:?}").contains(&hex::encode(rotated.newest().to_bytes())));
        assert_eq!(new.to_string().parse(), Ok(new));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("seal.key");
        for (text, says) in [
            ("", "holds no key"),
            ("# nothing\n", "holds no key"),
            ("# one\ned25519 00ff\n", "line 2 is no key"),
        ] {
            let _ = fs::remove_file(&path);
            let mut file = create_private(&path).expect("created");
            file.write_all(text.as_bytes()).expect("written");
            let error = KeyFile::open_or_create(&path).expect_err("refused");
            assert!(error.to_string().contains(says), "{error}");
        }
        assert!("00ff".parse::<PublicKey>().is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("seal.key");
        KeyFile::open_or_create(&path).expect("created");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("opened up");
        let error = KeyFile::open(&path).expect_err("refused");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}

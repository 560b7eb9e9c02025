//! Passwords, hashed with argon2id (RFC 9106) and stored as PHC strings.

use std::{
    fmt,
    hint::black_box,
    num::NonZero,
    sync::{Condvar, Mutex, PoisonError},
    thread::available_parallelism,
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version, password_hash::Error,
};
use secrecy::{ExposeSecret, SecretString};

use crate::random::bytes_random;

/// The minimum length of a password, in characters.
pub const PASSWORD_MINIMUM: usize = 8;

/// The maximum length of a password, in characters.
pub const PASSWORD_MAXIMUM: usize = 1_024;

/// The memory for one hash: 46 MiB, in KiB. With a single pass, it is OWASP's first choice for argon2id.
const MEMORY_KIB: u32 = 47_104;

/// Bytes of a salt, from RFC 9106, section 3.1.
const SALT_BYTES: usize = 16;

/// The reasons to refuse a password. Lengths are in characters (Unicode scalar values), not bytes.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PasswordError {
    /// The password is shorter than [`PASSWORD_MINIMUM`].
    #[error("a password has at least {PASSWORD_MINIMUM} characters")]
    TooShort,
    /// The password is longer than [`PASSWORD_MAXIMUM`].
    #[error("a password has at most {PASSWORD_MAXIMUM} characters")]
    TooLong,
}

/// Checks the length of a new password.
///
/// # Errors
///
/// [`PasswordError`] if the password is too short or too long.
pub fn password_check(password: &SecretString) -> Result<(), PasswordError> {
    match password.expose_secret().chars().count() {
        ..PASSWORD_MINIMUM => Err(PasswordError::TooShort),
        PASSWORD_MINIMUM..=PASSWORD_MAXIMUM => Ok(()),
        _ => Err(PasswordError::TooLong),
    }
}

/// Hashes and verifies passwords, at most one per processor core at the same time.
///
/// A server has one of these. Each hash takes tens of milliseconds and 46 MiB, and waits while all cores are busy. Many
/// sign-ins at once then exhaust neither processor nor memory. Call it on a blocking thread, never inside a
/// transaction.
pub struct PasswordHasher {
    argon2: Argon2<'static>,
    slots: Slots,
}

impl PasswordHasher {
    /// Makes the hasher of a server: argon2id with 46 MiB, one pass, one lane.
    pub fn new() -> Self {
        Self::with_cost(MEMORY_KIB, 1)
    }

    /// Makes a hasher of another cost, in KiB of memory and passes, for tests that sign in often. Costs below the
    /// minimum of argon2 (8 KiB, one pass) are raised to it.
    pub fn with_cost(memory_kib: u32, passes: u32) -> Self {
        let memory_kib = memory_kib.max(Params::MIN_M_COST);
        let passes = passes.max(Params::MIN_T_COST);
        let params = Params::new(memory_kib, passes, 1, None).expect("both costs were raised to their minimum");
        Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            slots: Slots::new(available_parallelism().map_or(1, NonZero::get)),
        }
    }

    /// Returns the hash of a new password under a new salt, as a PHC string:
    /// `$argon2id$v=19$m=47104,t=1,p=1$salt$hash`.
    ///
    /// # Errors
    ///
    /// [`PasswordError`] if the password is too short or too long.
    ///
    /// # Panics
    ///
    /// If there is not enough memory.
    pub fn hash(&self, password: &SecretString) -> Result<String, PasswordError> {
        password_check(password)?;
        Ok(self.hash_with_salt(password, &bytes_random::<SALT_BYTES>()))
    }

    /// True if the password is the one that was stored as this PHC string.
    ///
    /// With nothing stored (no such user, or no password set) the answer is `false`, after the same work. The time
    /// taken then does not show whether an account exists. A stored text that is not a PHC string of argon2 matches no
    /// password.
    ///
    /// # Panics
    ///
    /// If there is not enough memory.
    pub fn verify(&self, password: &SecretString, stored: Option<&str>) -> bool {
        // Refused before any work. The sender knows the length of the password, so a fast answer gives nothing away.
        if password_check(password).is_err() {
            return false;
        }
        let Some(stored) = stored.and_then(|stored| PasswordHash::new(stored).ok()) else {
            black_box(self.hash_with_salt(password, &[0; SALT_BYTES]));
            return false;
        };
        let _slot = self.slots.take();
        let verified = self.argon2.verify_password(password.expose_secret().as_bytes(), &stored);
        // The answer must not be `false`: a server in trouble must not tell people that their password is wrong.
        assert!(verified != Err(Error::OutOfMemory), "no memory to verify a password");
        verified.is_ok()
    }

    /// True if a stored PHC string was made with another cost or algorithm than this hasher's. The caller then stores a
    /// new hash after the next successful sign-in.
    pub fn needs_rehash(&self, stored: &str) -> bool {
        let Ok(stored) = PasswordHash::new(stored) else {
            return true;
        };
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        stored.algorithm != Algorithm::Argon2id.ident()
            || stored.version != Some(Version::V0x13.into())
            || Params::try_from(&stored).map_or(true, |params| cost(&params) != cost(self.argon2.params()))
    }

    fn hash_with_salt(&self, password: &SecretString, salt: &[u8; SALT_BYTES]) -> String {
        let _slot = self.slots.take();
        self.argon2
            .hash_password_with_salt(password.expose_secret().as_bytes(), salt)
            .expect("password and salt have a valid length, and lack of memory is fatal everywhere")
            .to_string()
    }
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PasswordHasher").field("params", self.argon2.params()).finish_non_exhaustive()
    }
}

/// A counting semaphore. A fixed number of threads work at once, and the others wait.
struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

/// The right to work. Dropping it frees the slot.
struct Slot<'slots>(&'slots Slots);

impl Slots {
    const fn new(count: usize) -> Self {
        Self { free: Mutex::new(count), freed: Condvar::new() }
    }

    /// Waits until a slot is free.
    fn take(&self) -> Slot<'_> {
        // A panic cannot leave a count half changed, so a poisoned lock can be used.
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{
        sync::{
            Arc, Barrier,
            atomic::{AtomicUsize, Ordering::SeqCst},
        },
        thread,
    };

    fn hasher() -> PasswordHasher {
        PasswordHasher::with_cost(0, 0)
    }

    #[test]
    fn passwords_have_8_to_1024_characters() {
        for (password, checked) in [
            (String::new(), Err(PasswordError::TooShort)),
            ("1234567".to_owned(), Err(PasswordError::TooShort)),
            ("ééééééé".to_owned(), Err(PasswordError::TooShort)),
            ("12345678".to_owned(), Ok(())),
            ("🔑".repeat(1_024), Ok(())),
            ("a".repeat(1_025), Err(PasswordError::TooLong)),
        ] {
            let password = SecretString::from(password);
            assert_eq!(password_check(&password), checked);
            assert_eq!(hasher().hash(&password).map(|_| ()), checked);
        }
    }

    #[test]
    fn the_default_cost_is_the_documented_one() {
        let password = "correct horse".into();
        let stored = PasswordHasher::new().hash(&password).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{stored}");
        assert!(PasswordHasher::new().verify(&password, Some(&stored)));
    }

    #[test]
    fn only_the_stored_password_verifies() {
        let stored = hasher().hash(&"correct horse".into()).unwrap();
        assert!(hasher().verify(&"correct horse".into(), Some(&stored)));
        for wrong in ["correct Horse", "correct horse ", "short", &"a".repeat(1_025)] {
            assert!(!hasher().verify(&wrong.into(), Some(&stored)), "{wrong}");
        }
        assert!(PasswordHasher::with_cost(16, 2).verify(&"correct horse".into(), Some(&stored)), "another cost");
    }

    #[test]
    fn nothing_verifies_where_nothing_is_stored() {
        let dummy = hasher().hash_with_salt(&"correct horse".into(), &[0; SALT_BYTES]);
        let hashless = dummy.rsplit_once('$').unwrap().0;
        for stored in [None, Some(""), Some("correct horse"), Some("$argon2id$"), Some("$1$salt$hash"), Some(hashless)]
        {
            assert!(!hasher().verify(&"correct horse".into(), stored), "{stored:?}");
        }
    }

    #[test]
    fn salts_differ() {
        let password = "correct horse".into();
        assert_ne!(hasher().hash(&password), hasher().hash(&password));
    }

    #[test]
    fn hashes_of_another_kind_or_cost_are_made_again() {
        let stored = hasher().hash(&"correct horse".into()).unwrap();
        assert!(!hasher().needs_rehash(&stored));
        assert!(PasswordHasher::with_cost(16, 1).needs_rehash(&stored));
        assert!(PasswordHasher::with_cost(8, 2).needs_rehash(&stored));
        for (from, to) in [("argon2id", "argon2i"), ("v=19", "v=16"), ("p=1", "p=2"), (stored.as_str(), "")] {
            assert!(hasher().needs_rehash(&stored.replace(from, to)), "{from} {to}");
        }
    }

    #[test]
    fn no_more_work_at_once_than_there_are_slots() {
        let slots = Slots::new(2);
        let (working, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        // The barrier lets threads through in pairs, so the test ends only if two work at once.
        let pair = Barrier::new(2);
        thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let _slot = slots.take();
                    most.fetch_max(working.fetch_add(1, SeqCst) + 1, SeqCst);
                    pair.wait();
                    working.fetch_sub(1, SeqCst);
                });
            }
        });
        assert_eq!(most.into_inner(), 2);
    }

    #[test]
    fn a_panic_gives_its_slot_back() {
        let slots = Arc::new(Slots::new(1));
        let panicking = Arc::clone(&slots);
        let panicked = thread::spawn(move || {
            let _slot = panicking.take();
            panic!("on purpose");
        });
        assert!(panicked.join().is_err());
        drop(slots.take());
    }

    #[test]
    fn debug_shows_costs_alone() {
        let shown = format!("{:?}", hasher());
        assert!(shown.contains("m_cost: 8") && !shown.contains("secret"), "{shown}");
    }

    proptest! {
        #[test]
        fn every_password_verifies(password in ".{8,50}", other in ".{8,50}") {
            let stored = hasher().hash(&password.as_str().into()).unwrap();
            prop_assert!(hasher().verify(&password.as_str().into(), Some(&stored)));
            prop_assert_eq!(hasher().verify(&other.as_str().into(), Some(&stored)), password == other);
        }
    }
}

//! A version of Triton.

use std::fmt;
use std::str::FromStr;

/// A version of Triton, as far as its interface depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

impl Version {
    /// The newest version whose interface is known here.
    pub(crate) const NEWEST: Self = Self::new(3, 9);

    /// A version by its two numbers.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = ();

    /// Reads `3.6`, `3.6.0` and `3.6.0+git1234`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.trim().split('.');
        let mut number = || {
            let part = parts.next()?;
            let end = part.find(|one: char| !one.is_ascii_digit()).unwrap_or(part.len());
            part[..end].parse().ok()
        };
        Ok(Self::new(number().ok_or(())?, number().ok_or(())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_triton_calls_its_versions_is_read() {
        assert_eq!("3.6.0".parse(), Ok(Version::new(3, 6)));
        assert_eq!("3.10.1+git0a22a91d".parse(), Ok(Version::new(3, 10)));
        assert_eq!("3.4rc1".parse(), Ok(Version::new(3, 4)));
        for no_version in ["", "3", "x.y", "3.", ".3"] {
            assert_eq!(no_version.parse::<Version>(), Err(()), "{no_version}");
        }
        assert!(Version::new(3, 10) > Version::new(3, 9));
        assert_eq!(Version::new(3, 2).to_string(), "3.2");
    }
}

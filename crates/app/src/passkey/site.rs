//! Under which address people reach the desk: passkeys are bound to it. Asks nobody.

/// Where people reach the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    origin: String,
    rp_id: String,
}

/// Why an address is none that people could reach the desk by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no address of a desk: it begins with https:// (or http://, for a desk on this machine) and a host, as in https://countersign.example.org"
)]
pub struct SiteError(String);

impl Site {
    /// Reads an address, as in `https://countersign.example.org`. A path after the host is passed over.
    ///
    /// # Errors
    /// [`SiteError`] where it has no scheme or no host.
    pub fn parse(url: &str) -> Result<Self, SiteError> {
        let wrong = || SiteError(url.to_owned());
        let (scheme, rest) = url.trim().split_once("://").ok_or_else(wrong)?;
        let scheme = scheme.to_ascii_lowercase();
        let standard = match scheme.as_str() {
            "https" => ":443",
            "http" => ":80",
            _ => return Err(wrong()),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        // Browsers leave the usual port out of an origin (WHATWG URL, section 4.7).
        let authority = authority.strip_suffix(standard).unwrap_or(&authority);
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        if host.is_empty() || !host.chars().all(plain) {
            return Err(wrong());
        }
        Ok(Self { origin: format!("{scheme}://{authority}"), rp_id: host.to_owned() })
    }

    /// As browsers name it: scheme, host, and a port that is not the usual one.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The relying party of its passkeys: the host.
    #[must_use]
    pub fn rp_id(&self) -> &str {
        &self.rp_id
    }

    /// Whether browsers have passkeys there: under a name, and over TLS but on this machine.
    #[must_use]
    pub fn has_passkeys(&self) -> bool {
        let address = self.rp_id.contains(':') || self.rp_id.chars().all(|c| c.is_ascii_digit() || c == '.');
        !address && (self.origin.starts_with("https://") || self.rp_id == "localhost")
    }
}

impl Default for Site {
    /// A desk on this machine, where `serve` listens if nothing else is said.
    fn default() -> Self {
        Self { origin: "http://localhost:7171".to_owned(), rp_id: "localhost".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_browsers_do() {
        for (url, origin, rp_id, passkeys) in [
            ("https://Desk.Example.org", "https://desk.example.org", "desk.example.org", true),
            ("https://desk.example.org:443/x", "https://desk.example.org", "desk.example.org", true),
            ("https://desk.example.org:8443/", "https://desk.example.org:8443", "desk.example.org", true),
            ("http://localhost:7171", "http://localhost:7171", "localhost", true),
            ("http://127.0.0.1:7171", "http://127.0.0.1:7171", "127.0.0.1", false),
            ("https://[::1]:7171", "https://[::1]:7171", "::1", false),
            ("http://desk.example.org:80", "http://desk.example.org", "desk.example.org", false),
        ] {
            let site = Site::parse(url).unwrap();
            assert_eq!((site.origin(), site.rp_id(), site.has_passkeys()), (origin, rp_id, passkeys), "{url}");
        }
        for wrong in ["", "desk.example.org", "https://", "ftp://x", "https://a b", "https://user@host"] {
            assert!(Site::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Site::parse("http://localhost:7171"), Ok(Site::default()));
    }
}

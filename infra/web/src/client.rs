//! Clients for calls to elsewhere: TLS by rustls with ring, trusting the authorities that Mozilla
//! trusts, which are built in, so that an image without certificates of its own serves as well.
//! Invariant: every client of ours begins here; reqwest's own constructors know no cryptography.

use std::sync::LazyLock;

use rustls::{ClientConfig, RootCertStore, crypto::ring};

/// A client's beginning; give it time limits before it is built.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that gives a client its cryptography"
)]
pub fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder().tls_backend_preconfigured(TLS.clone())
}

/// Made once, as it holds more than a hundred certificates.
static TLS: LazyLock<ClientConfig> = LazyLock::new(|| {
    // It fails where the process has a provider already, which then serves as well.
    let _ = ring::default_provider().install_default();
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth()
});

#[cfg(test)]
mod tests {
    #[test]
    fn a_client_can_be_built() {
        super::builder().build().expect("a client with TLS");
    }
}

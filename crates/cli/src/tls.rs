//! The certificate of a server that speaks TLS itself, read again on SIGHUP, so that a renewed one needs no restart.

use crate::config::Tls;
use crate::failure::{Failure, Outcome};
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// The certificate in use.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: Tls,
    now: ArcSwap<CertifiedKey>,
}

impl Certificate {
    /// Reads the files.
    pub(crate) fn read(files: Tls) -> Outcome<Arc<Self>> {
        let now = ArcSwap::from_pointee(certified(&files)?);
        Ok(Arc::new(Self { files, now }))
    }

    /// Reads the files again; the old certificate stays when the new one cannot be used.
    pub(crate) fn read_again(&self) -> Outcome {
        self.now.store(Arc::new(certified(&self.files)?));
        Ok(())
    }

    /// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
    pub(crate) fn server_config(self: &Arc<Self>) -> Outcome<Arc<ServerConfig>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::refused(format!("TLS: {error}")))?;
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now.load_full())
    }
}

fn certified(files: &Tls) -> Outcome<CertifiedKey> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate_file)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(&files.certificate_file, &error))?;
    if chain.is_empty() {
        return Err(unusable(
            &files.certificate_file,
            &"it holds no certificate in PEM",
        ));
    }
    let key =
        PrivateKeyDer::from_pem_file(&files.key_file).map_err(|error| unusable(&files.key_file, &error))?;
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
        .map_err(|error| Failure::refused(format!("[tls] the key does not fit the certificate: {error}")))
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::refused(format!("[tls] {}: {why}", path.display()))
}

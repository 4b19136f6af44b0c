//! TLS to the database: the server's certificate is verified whenever TLS is spoken, whatever `sslmode` says.

use crate::open::OpenError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Makes connections that trust these authorities (PEM), or those that browsers trust.
pub(crate) fn connector(authorities: Option<&[u8]>) -> Result<MakeRustlsConnect, OpenError> {
    let roots = match authorities {
        Some(pem) => read(pem)?,
        None => RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| OpenError::Certificates(error.to_string()))?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn read(pem: &[u8]) -> Result<RootCertStore, OpenError> {
    let refused = |error: &dyn std::fmt::Display| OpenError::Certificates(error.to_string());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| refused(&error))?;
        roots.add(certificate).map_err(|error| refused(&error))?;
    }
    if roots.is_empty() {
        return Err(refused(&"there is none"));
    }
    Ok(roots)
}

//! Where MySweetApp hears of a sign-out, where people come to afterwards, and where somebody else begins a sign-in
//! (OpenID Connect RP-Initiated, Front-Channel and Back-Channel Logout, Core §4): on folders that an earlier start made.

use valetkey_model::Client;

/// Where people come to after they have signed out, below the app's address.
const SIGNED_OUT: &str = "/signed-out";

/// Whether the folder was made before MySweetApp learned this. (That it has none may also be somebody's will.)
pub(super) fn is_from_before(clients: &[Client]) -> bool {
    let mut uris = clients
        .iter()
        .flat_map(|client| &client.post_logout_redirect_uris);
    !uris.any(|uri| uri.ends_with(SIGNED_OUT))
}

/// Brings a client of an earlier start up to date: addresses that follow `--port` move with it, and what somebody changed
/// otherwise stays.
pub(super) fn follow(there: &mut Client, seed: &Client, is_old: bool) {
    if is_old {
        there
            .post_logout_redirect_uris
            .clone_from(&seed.post_logout_redirect_uris);
        there
            .openid
            .initiate_login_uri
            .clone_from(&seed.openid.initiate_login_uri);
        there
            .openid
            .frontchannel_logout
            .clone_from(&seed.openid.frontchannel_logout);
        there
            .openid
            .backchannel_logout
            .clone_from(&seed.openid.backchannel_logout);
        return;
    }
    for uri in &seed.post_logout_redirect_uris {
        if !there.post_logout_redirect_uris.contains(uri) && !there.post_logout_redirect_uris.is_empty() {
            there.post_logout_redirect_uris.push(uri.clone());
        }
    }
    if let (Some(uri), Some(seed)) = (
        &mut there.openid.initiate_login_uri,
        &seed.openid.initiate_login_uri,
    ) {
        move_to(uri, seed);
    }
    for (uri, seed) in [
        (
            &mut there.openid.frontchannel_logout,
            &seed.openid.frontchannel_logout,
        ),
        (
            &mut there.openid.backchannel_logout,
            &seed.openid.backchannel_logout,
        ),
    ] {
        if let (Some(uri), Some(seed)) = (uri, seed) {
            move_to(&mut uri.uri, &seed.uri);
        }
    }
}

/// When only the port differs.
fn move_to(uri: &mut String, seed: &str) {
    let without_port = |text: &str| {
        let after = text.strip_prefix("http://localhost:")?;
        after.find('/').and_then(|at| after.get(at..)).map(str::to_owned)
    };
    if without_port(uri) == without_port(seed) {
        seed.clone_into(uri);
    }
}

//! Binding: the ports of `valetkey dev`, on loopback and nowhere else.

use crate::{Failure, Outcome};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// How often three free ports in a row are looked for.
const TRIES: usize = 50;

/// The listeners of one part: `localhost` means 127.0.0.1 to some programs and ::1 to others, so both.
pub(crate) type Listeners = Vec<TcpListener>;

/// Binds `port` and the two after it. Port 0 takes three that are free.
pub(crate) fn three_in_a_row(port: u16, addresses: &[IpAddr]) -> Outcome<(u16, [Listeners; 3])> {
    if port != 0 {
        return Ok((port, bind_three(port, addresses)?));
    }
    let first = addresses.first().copied().unwrap_or(Ipv4Addr::LOCALHOST.into());
    for _ in 0..TRIES {
        let free = TcpListener::bind((first, 0))?.local_addr()?.port();
        if let Ok(listeners) = bind_three(free, addresses) {
            return Ok((free, listeners));
        }
    }
    Err(Failure::new("no three free ports in a row were found"))
}

fn bind_three(port: u16, addresses: &[IpAddr]) -> Outcome<[Listeners; 3]> {
    let after = |count: u16| {
        let too_high = || Failure::new("--port takes at most 65533: the next two ports are used too");
        port.checked_add(count).ok_or_else(too_high)
    };
    Ok([
        bind(port, addresses)?,
        bind(after(1)?, addresses)?,
        bind(after(2)?, addresses)?,
    ])
}

/// Binds one port at each address. The IPv6 one may be missing on this machine; the port must be free at all.
fn bind(port: u16, addresses: &[IpAddr]) -> Outcome<Listeners> {
    let mut listeners = Vec::new();
    for address in addresses {
        let socket = SocketAddr::new(*address, port);
        match TcpListener::bind(socket) {
            Ok(listener) => {
                listener.set_nonblocking(true)?;
                listeners.push(listener);
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                let says = format!("{socket} is in use. Another port: --port N (N, N+1 and N+2 are used)");
                return Err(Failure::new(says));
            }
            Err(error) if address.is_ipv4() || addresses.len() == 1 => {
                return Err(Failure::new(format!("{socket}: {error}")));
            }
            Err(_) => {}
        }
    }
    Ok(listeners)
}

/// Where the development server may listen: on loopback alone, for its passwords and secrets are public.
pub(crate) fn loopback(asked: Option<IpAddr>) -> Outcome<Vec<IpAddr>> {
    match asked {
        None => Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]),
        Some(address) if address.is_loopback() => Ok(vec![address]),
        Some(address) => Err(Failure::new(format!(
            "dev does not listen on {address}: everybody knows its passwords and secrets, so it stays on loopback. \
             For other machines there is `valetkey serve`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_development_server_listens_on_nothing_but_loopback() {
        for address in ["0.0.0.0", "::", "192.168.1.5", "203.0.113.1"] {
            assert!(loopback(Some(address.parse().unwrap())).is_err(), "{address}");
        }
        assert!(loopback(None).unwrap().iter().all(IpAddr::is_loopback));
    }

    #[test]
    fn a_port_in_use_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = bind(port, &[Ipv4Addr::LOCALHOST.into()]).unwrap_err();
        assert!(error.0.contains(&port.to_string()) && error.0.contains("--port"));
    }

    #[test]
    fn three_free_ports_in_a_row_are_found() {
        let (port, parts) = three_in_a_row(0, &[Ipv4Addr::LOCALHOST.into()]).unwrap();
        let ports = parts.map(|listeners| listeners[0].local_addr().unwrap().port());
        assert_eq!(ports, [port, port + 1, port + 2]);
        assert!(bind_three(65534, &[Ipv4Addr::LOCALHOST.into()]).is_err());
    }
}

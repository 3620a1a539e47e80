//! TLS by `rustls`, which knows nothing of goroutines: it reads from a stream and writes to one.
//!
//! ```text
//! $ cargo run -p gochan-example-libraries --bin tls_echo
//! 20 clients heard what they said, by TLSv1_3
//! a client that trusts nobody: invalid peer certificate: UnknownIssuer
//! ```
//!
//! A goroutine for each connection, on both sides. The certificate is made at the start.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use gochan::net::{TcpListener, TcpStream};
use gochan::prelude::*;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

const CLIENTS: usize = 20;

/// Sends back what comes.
fn serve(stream: TcpStream, config: Arc<ServerConfig>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut tls = StreamOwned::new(ServerConnection::new(config)?, stream);
    let mut buf = [0; 4096];
    loop {
        match tls.read(&mut buf)? {
            0 => return Ok(()),
            read => tls.write_all(&buf[..read])?,
        }
    }
}

/// What the connection is by, once the client has heard what it has said.
fn talk(server: SocketAddr, config: Arc<ClientConfig>, number: usize) -> io::Result<String> {
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
    let mut tls = BufReader::new(StreamOwned::new(connection, TcpStream::connect(server)?));
    for round in 0..10 {
        let said = format!("client {number} in round {round}\n");
        tls.get_mut().write_all(said.as_bytes())?;
        let mut heard = String::new();
        tls.read_line(&mut heard)?;
        assert_eq!(heard, said);
    }
    let tls = tls.get_mut();
    tls.conn.send_close_notify();
    tls.flush()?;
    Ok(tls.conn.protocol_version().map_or(String::new(), |version| format!("{version:?}")))
}

fn trusting(certificates: &[CertificateDer<'static>]) -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate.clone())?;
    }
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

#[gochan::main]
fn main() -> Result<(), Box<dyn Error>> {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = own.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.clone()], key)?;
    let config = Arc::new(config);

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let serving = go!([listener] {
        let connections = WaitGroup::new();
        while let Ok((stream, _)) = listener.accept() {
            let config = config.clone();
            // A client that leaves early, or does not trust, is an error of that connection.
            connections.go(move || drop(serve(stream, config)));
        }
        connections.wait();
    });

    let trusts = trusting(&[certificate])?;
    let clients: Vec<_> =
        (0..CLIENTS).map(|number| go!([trusts] { talk(address, trusts, number) })).collect();
    let mut versions = Vec::new();
    for client in clients {
        versions.push(client.join().expect("a client does not panic")?);
    }
    versions.dedup();
    println!("{CLIENTS} clients heard what they said, by {}", versions.join(" and "));

    let refused = talk(address, trusting(&[])?, 0);
    println!("a client that trusts nobody: {}", refused.expect_err("not trusted"));
    listener.close()?;
    serving.join().expect("the server does not panic");
    Ok(())
}

//! The simplest client: a connection on which presigned requests are sent. It reads only the status of an answer, so the server
//! does nearly all the work that is measured. Other code checks the contents later.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A connection.
pub struct Wire {
    stream: BufReader<TcpStream>,
    host: String,
    answer: Vec<u8>,
}

impl Wire {
    /// Connects to a port of this machine.
    ///
    /// # Errors
    ///
    /// If no server listens there.
    pub fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), host: format!("127.0.0.1:{port}"), answer: Vec::new() })
    }

    /// Sends a request and returns the answer's body.
    ///
    /// # Errors
    ///
    /// If the status is not 200, or the answer is not HTTP.
    pub fn post(&mut self, path: &str, body: &[u8]) -> io::Result<&[u8]> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/cbor\r\ncontent-length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(&[head.as_bytes(), body].concat())?;
        let mut status = String::new();
        self.stream.read_line(&mut status)?;
        let mut length = None;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok(),
                Some(_) => {}
                None => break,
            }
        }
        let wrong = |what: &str| io::Error::other(format!("{} {what}", status.trim_end()));
        self.answer.resize(length.ok_or_else(|| wrong("has no content-length"))?, 0);
        self.stream.read_exact(&mut self.answer)?;
        if status.split_whitespace().nth(1) != Some("200") {
            return Err(wrong(&String::from_utf8_lossy(&self.answer)));
        }
        Ok(&self.answer)
    }
}

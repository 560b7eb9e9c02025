//! The counterpart of `script/bench mail`: a sink that accepts every email and prints the rate, and a plain loop that
//! sends the same number as fast as it can.
//!
//! `mail_loop sink COUNT` prints its port. Then it prints the messages per second for every `COUNT` messages.
//! `mail_loop plain PORT COUNT CONNECTIONS` sends `COUNT` messages. It writes each body with its final dot at once.

use std::{
    env,
    error::Error,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    thread,
    time::Instant,
};

use lettre::transport::smtp::{
    client::SmtpConnection,
    commands::{Data, Mail, Quit, Rcpt},
    extension::ClientId,
};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["sink", count] => sink(count.parse()?),
        ["plain", port, count, connections] => plain(port.parse()?, count.parse()?, connections.parse()?),
        _ => Err("which one? (usage: mail_loop sink COUNT | plain PORT COUNT CONNECTIONS)".into()),
    }
}

/// Accepts email and prints the messages per second of each round, from the first MAIL to the last message.
fn sink(count: u32) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?.port())?;
    out.flush()?;
    let (told, events) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let told = told.clone();
            // A client may leave at any time without harm to the bench.
            thread::spawn(move || converse(&stream, &told).ok());
        }
    });
    let (mut begin, mut taken) = (None, 0);
    for event in events {
        let begin_of_round = *begin.get_or_insert_with(Instant::now);
        taken += u32::from(event == Event::Taken);
        if taken == count {
            writeln!(out, "{:.0}", f64::from(count) / begin_of_round.elapsed().as_secs_f64())?;
            out.flush()?;
            (begin, taken) = (None, 0);
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Begun,
    Taken,
}

/// Serves one connection. Keeps the system's default for delayed acknowledgments, which are late while there is no
/// answer to send.
fn converse(mut stream: &TcpStream, told: &Sender<Event>) -> Outcome {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    stream.write_all(b"220 sink\r\n")?;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        match line.split([' ', '\r', ':']).next().unwrap_or_default() {
            "MAIL" => {
                told.send(Event::Begun)?;
                stream.write_all(b"250 ok\r\n")?;
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n")?;
                while line != ".\r\n" {
                    line.clear();
                    if reader.read_line(&mut line)? == 0 {
                        return Ok(());
                    }
                }
                stream.write_all(b"250 taken\r\n")?;
                told.send(Event::Taken)?;
            }
            _ => stream.write_all(b"250 ok\r\n")?,
        }
    }
}

/// Sends messages of the size of an announcement, without any other work.
fn plain(port: u16, count: u32, connections: u32) -> Outcome {
    let message = format!("Subject: Bench\r\n\r\n{}.\r\n", "A line of a message of the bench.\r\n".repeat(180));
    let message = Arc::new(message);
    let senders = (0..connections).map(|number| {
        let message = Arc::clone(&message);
        let share = count / connections + u32::from(number < count % connections);
        thread::spawn(move || plain_connection(port, share, &message))
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.join().map_err(|_| "a connection panicked")??;
    }
    Ok(())
}

fn plain_connection(port: u16, count: u32, message: &str) -> Outcome {
    let hello = ClientId::Domain("bench.example.com".to_owned());
    let mut connection = SmtpConnection::connect(("127.0.0.1", port), None, &hello, None, None)?;
    for _ in 0..count {
        connection.command(Mail::new(Some("releases@example.com".parse()?), Vec::new()))?;
        connection.command(Rcpt::new("reader@example.org".parse()?, Vec::new()))?;
        connection.command(Data)?;
        connection.command(message)?;
    }
    connection.command(Quit)?;
    Ok(())
}

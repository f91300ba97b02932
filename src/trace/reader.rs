//! Records from a file, whatever is in it.

use super::frame::{LONGEST, MAGIC};
use super::record::{kind, Decoder, Header, Record};
use super::wire::Source;
use crate::core::Nanos;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::path::Path;
use std::time::SystemTime;

#[cfg(test)]
mod tests;

/// The records of one file, in their order. No bytes make it panic; where they are no trace any more it
/// says so, and ends.
#[derive(Debug)]
pub struct Reader<R = BufReader<File>> {
    from: R,
    /// Where the next frame begins.
    offset: u64,
    decoder: Decoder,
    frame: Vec<u8>,
    /// Where in the frame the next record begins: 0, if it is one record.
    place: usize,
    began: bool,
    ended: bool,
}

/// Where a trace can't be read any further.
#[derive(Debug)]
#[non_exhaustive]
pub struct Damage {
    /// The byte at which what can't be read begins.
    pub offset: u64,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a trace.
#[derive(Debug)]
#[non_exhaustive]
pub enum Why {
    /// It does not begin like one.
    NotATrace,
    /// It ends within a record: whoever wrote it ended there, or goes on.
    Torn,
    /// A checksum is wrong.
    Damaged,
    /// Its format is that of a later version.
    LaterFormat,
    /// The system refuses to read it.
    System(io::Error),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::NotATrace => f.write_str("this is no trace"),
            Why::Torn => write!(f, "ends within a record, at byte {}", self.offset),
            Why::Damaged => write!(f, "damaged at byte {}", self.offset),
            Why::LaterFormat => f.write_str("written by a later version, in another format"),
            Why::System(error) => write!(f, "{error} at byte {}", self.offset),
        }
    }
}

impl std::error::Error for Damage {}

impl Reader {
    /// Of a file.
    ///
    /// # Errors
    /// The file can't be opened.
    pub fn open(path: &Path) -> io::Result<Reader> {
        Ok(Reader::new(BufReader::with_capacity(1 << 18, File::open(path)?)))
    }
}

impl<R: Read> Reader<R> {
    /// Of anything; it is read in small pieces.
    pub fn new(from: R) -> Reader<R> {
        Reader {
            from,
            offset: 0,
            decoder: Decoder::default(),
            frame: Vec::new(),
            place: 0,
            began: false,
            ended: false,
        }
    }

    /// Where it is read from. If there is more later, it goes on there.
    pub(crate) fn source_mut(&mut self) -> &mut R {
        &mut self.from
    }

    /// How many bytes were read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Engine time of the last record.
    pub fn at(&self) -> Nanos {
        self.decoder.at()
    }

    /// Wall clock time of the last record.
    pub fn wall(&self) -> SystemTime {
        self.decoder.wall()
    }

    fn begin(&mut self) -> Result<(), Why> {
        let mut magic = [0; MAGIC.len()];
        let length = read(&mut self.from, &mut magic)?;
        if magic[..length] != MAGIC[..length] || length == 0 {
            return Err(Why::NotATrace);
        }
        if length < MAGIC.len() {
            return Err(Why::Torn);
        }
        self.offset = length as u64;
        Ok(())
    }

    /// Reads the next frame; false if there is none.
    fn next_frame(&mut self) -> Result<bool, Why> {
        let mut head = Vec::new();
        let length = loop {
            let mut byte = [0];
            if read(&mut self.from, &mut byte)? == 0 {
                return if head.is_empty() { Ok(false) } else { Err(Why::Torn) };
            }
            head.push(byte[0]);
            if byte[0] & 0x80 == 0 {
                break Source(&head).number();
            }
            if head.len() == 10 {
                break None;
            }
        };
        let length = length.filter(|length| *length <= LONGEST).ok_or(Why::Damaged)?;
        self.frame.clear();
        // As much as there is: a length alone is no reason to ask for memory.
        let whole = length + 4;
        let got = (&mut self.from).take(whole).read_to_end(&mut self.frame);
        if (got.map_err(Why::System)? as u64) < whole {
            return Err(Why::Torn);
        }
        let checksum = self.frame.split_off(length as usize);
        if checksum != crc32fast::hash(&self.frame).to_le_bytes() {
            return Err(Why::Damaged);
        }
        self.offset += head.len() as u64 + whole;
        Ok(true)
    }

    fn next_record(&mut self) -> Result<Option<Record>, Why> {
        if !std::mem::replace(&mut self.began, true) {
            self.begin()?;
        }
        loop {
            while let Some(place) = self.next_in_frame() {
                match self.decoder.decode(&self.frame[place]) {
                    Some(Record::Began(header)) if header.format > Header::FORMAT => {
                        return Err(Why::LaterFormat);
                    }
                    Some(record) => return Ok(Some(record)),
                    None => {}
                }
            }
            if !self.next_frame()? {
                return Ok(None);
            }
            self.place = usize::from(self.frame.first() == Some(&kind::SEVERAL));
        }
    }

    /// The place of the next record in the frame. What is no record there is taken for one that is not known.
    fn next_in_frame(&mut self) -> Option<Range<usize>> {
        let length = self.frame.len();
        let begin = std::mem::replace(&mut self.place, length);
        if begin == 0 {
            return (length > 0).then_some(0..length);
        }
        let mut rest = Source(&self.frame[begin..]);
        if rest.0.is_empty() {
            return None;
        }
        let record = rest.small::<usize>();
        let at = length - rest.0.len();
        let end = record.and_then(|record| at.checked_add(record)).filter(|end| *end <= length);
        let Some(end) = end else { return Some(0..1) };
        self.place = end;
        Some(at..end)
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Record, Damage>;

    fn next(&mut self) -> Option<Result<Record, Damage>> {
        if self.ended {
            return None;
        }
        match self.next_record() {
            Ok(Some(record)) => Some(Ok(record)),
            Ok(None) => None,
            Err(why) => {
                self.ended = true;
                Some(Err(Damage { offset: self.offset, why }))
            }
        }
    }
}

/// As much as there is.
fn read(from: &mut impl Read, into: &mut [u8]) -> Result<usize, Why> {
    let mut length = 0;
    while length < into.len() {
        match from.read(&mut into[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Why::System(error)),
        }
    }
    Ok(length)
}

//! Parquet by the `parquet` crate, without arrow: column chunks of several row groups are unpacked at a time, and put
//! together in the order of the file. Knows no types; [`chunk`] does.

mod chunk;
mod kind;
mod page;

use crate::{
    builder::{Batch, Builder},
    column::Want,
    error::{At, Error},
    limits::{CELLS_MAX, THREADS_MAX},
    names,
    source::Progress,
};
use chunk::Fault;
use kind::Kind;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use std::{
    fs::File,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

type Reader = SerializedFileReader<File>;

fn open(file: &str, path: &Path) -> Result<Reader, Error> {
    let opened = File::open(path).map_err(|error| Error::io(file, error))?;
    SerializedFileReader::new(opened).map_err(|error| Error::input(file, format!("damaged, or no Parquet: {error}")))
}

/// The columns that hold at most one value a row.
pub(crate) fn names(file: &str, path: &Path) -> Result<Vec<String>, Error> {
    let reader = open(file, path)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let names: Vec<String> =
        schema.columns().iter().filter(|column| column.max_rep_level() == 0).map(|column| column.path().parts().join(".")).collect();
    if names.is_empty() {
        return Err(Error::input(file, "it has no column with one value a row"));
    }
    names::check(file, &names)?;
    Ok(names)
}

/// A wanted column: where it is, what it is, and how it is wanted.
#[derive(Clone, Copy)]
struct Leaf {
    at: usize,
    max_def: i16,
    kind: Kind,
    want: Want,
}

/// Fills the batch by row groups and calls `more` after each.
pub(crate) fn rows<E: From<Error>>(
    file: &str,
    path: &Path,
    batch: &mut Batch,
    progress: Progress<'_>,
    more: &mut impl FnMut(&mut Batch, usize) -> Result<(), E>,
) -> Result<(), E> {
    let first = open(file, path)?;
    let metadata = first.metadata().clone();
    let leaves = leaves(file, &first, batch)?;
    if metadata.row_groups().iter().any(|group| usize::try_from(group.num_rows()).map_or(true, |rows| rows > CELLS_MAX)) {
        return Err(Error::input(file, "a row group holds more rows than memory may; write it with smaller row groups").into());
    }
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let mut readers = vec![first];
    while readers.len() < threads {
        readers.push(open(file, path)?);
    }
    let size = |group: usize| -> u64 {
        leaves.iter().map(|leaf| u64::try_from(metadata.row_group(group).column(leaf.at).compressed_size()).unwrap_or(0)).sum()
    };
    let total = (0..metadata.num_row_groups()).map(size).sum();
    let (mut done, mut row) = (0, 0);
    let groups: Vec<usize> = (0..metadata.num_row_groups()).collect();
    for wave in groups.chunks(threads) {
        let tasks: Vec<(usize, Leaf)> = wave.iter().flat_map(|group| leaves.iter().map(|leaf| (*group, *leaf))).collect();
        let mut parts = unpack(&readers, &tasks).into_iter();
        for group in wave {
            let rows = usize::try_from(metadata.row_group(*group).num_rows()).unwrap_or(0);
            for (i, part) in parts.by_ref().take(leaves.len()).enumerate() {
                let fault = |row, why| Error::Input { file: file.to_owned(), at: row, column: Some(batch.name(i).to_owned()), why };
                let part = part.map_err(|Fault { row: at, why }| fault(at.map(|at| At::Row(row + at as u64 + 1)), why))?;
                if part.len() != rows {
                    return Err(fault(None, format!("damaged: {} values in a row group of {rows} rows", part.len())).into());
                }
                let appended = batch.builders.get_mut(i).map_or(Ok(()), |builder| builder.append(part));
                appended.map_err(|why| {
                    let (file, column) = (file.to_owned(), Some(batch.name(i).to_owned()));
                    Error::Input { file, at: None, column, why: format!("{why} (rows {} to {})", row + 1, row + rows as u64) }
                })?;
            }
            (row, done) = (row + rows as u64, done + size(*group));
            progress(done, total);
            more(batch, rows)?;
        }
    }
    Ok(())
}

fn leaves(file: &str, reader: &Reader, batch: &Batch) -> Result<Vec<Leaf>, Error> {
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let leaf = |(i, builder): (usize, &Builder)| {
        let name = batch.name(i);
        let is_it = |column: &parquet::schema::types::ColumnDescPtr| column.max_rep_level() == 0 && column.path().parts().join(".") == name;
        let at = schema.columns().iter().position(is_it).ok_or_else(|| names::absent(file, &[], name))?;
        let kind = Kind::of(&schema.column(at)).map_err(|why| Error::Input {
            file: file.to_owned(),
            at: None,
            column: Some(name.to_owned()),
            why,
        })?;
        Ok(Leaf { at, max_def: schema.column(at).max_def_level(), kind, want: kind.settled(builder.want) })
    };
    batch.builders.iter().enumerate().map(leaf).collect()
}

/// All tasks by all readers, a thread each; results in the order of the tasks.
fn unpack(readers: &[Reader], tasks: &[(usize, Leaf)]) -> Vec<Result<Builder, Fault>> {
    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<Result<Builder, Fault>>>> = tasks.iter().map(|_| Mutex::new(None)).collect();
    let work = |reader: &Reader| {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (Some((group, leaf)), Some(done)) = (tasks.get(at), done.get(at)) else { return };
            let part = chunk::read(reader, *group, *leaf);
            *done.lock().unwrap_or_else(PoisonError::into_inner) = Some(part);
        }
    };
    // The decoder of the `parquet` crate may panic on damaged pages: that ends a thread, whose task then stays empty.
    thread::scope(|scope| {
        let threads: Vec<_> = readers.iter().map(|reader| scope.spawn(|| work(reader))).collect();
        threads.into_iter().for_each(|thread| drop(thread.join()));
    });
    let damaged = || Err(Fault { row: None, why: "damaged: it cannot be unpacked".to_owned() });
    done.into_iter().map(|part| part.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(damaged)).collect()
}

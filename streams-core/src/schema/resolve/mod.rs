//! Bytes that were written with another schema, as bytes of the reader's schema.
//!
//! A pair of schemas is compared once; what comes of it is a plan that turns the writer's bytes into the reader's,
//! which are then read as any others. The rules are those of Avro's schema resolution. `apache-avro` parses the
//! schemas; its own resolution is not used, as it leaves aliases and the defaults of bytes aside.

mod defaults;
mod plan;
mod types;

use crate::error::{Error, ErrorKind, Result};
use crate::schema::bytes::wrong;
use crate::schema::generated::in_field;
use crate::schema::{Reader, Schema, Writer};
use plan::{Piece, Plan, Planner, RecordPlan};

/// How the bytes of one schema become those of another.
#[derive(Debug)]
pub(crate) struct Resolution {
    plan: Plan,
    records: Vec<RecordPlan>,
}

impl Resolution {
    /// Compares the schemas. Errs with everything that keeps the reader from reading what the writer writes, with
    /// the fields and both types.
    pub(crate) fn new(writer: &Schema, reader: &Schema) -> Result<Self> {
        let (written, read) = (writer.to_apache()?, reader.to_apache()?);
        let mut planner = Planner::new(&written, &read);
        let plan = planner.plan(&written, &read, "");
        let problems = planner.problems(&plan);
        if problems.is_empty() {
            return Ok(Resolution { plan, records: planner.records });
        }
        let name = |schema: &Schema| schema.name().unwrap_or_else(|| schema.canonical());
        let text = format!(
            "what was written as `{}` cannot be read as `{}`: {}",
            name(writer),
            name(reader),
            problems.join("; ")
        );
        Err(Error::new(ErrorKind::Serde, text))
    }

    /// The writer's datum as the reader's.
    pub(crate) fn apply(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut input = Reader::new(bytes);
        let mut out = Vec::with_capacity(bytes.len() + 16);
        self.run(&self.plan, &mut input, &mut out)?;
        input.finish()?;
        Ok(out)
    }

    fn run(&self, plan: &Plan, input: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<()> {
        match plan {
            Plan::Null => {}
            Plan::Copy(length) => out.extend_from_slice(input.take(*length)?),
            Plan::Number => Writer::new(out).long(input.long()?),
            Plan::NumberToFloat => out.extend_from_slice(&(input.long()? as f32).to_le_bytes()),
            Plan::NumberToDouble => out.extend_from_slice(&(input.long()? as f64).to_le_bytes()),
            Plan::FloatToDouble => {
                out.extend_from_slice(&f64::from(f32::from_le_bytes(input.array()?)).to_le_bytes());
            }
            Plan::Text => Writer::new(out).bytes(input.bytes()?),
            Plan::Array(item) => self.blocks(input, out, |input, out| self.run(item, input, out))?,
            Plan::Map(value) => self.blocks(input, out, |input, out| {
                Writer::new(out).bytes(input.bytes()?);
                self.run(value, input, out)
            })?,
            Plan::Enum(symbols) => match at(symbols, input.long()?)? {
                Ok(number) => Writer::new(out).long(*number),
                Err(why) => return Err(wrong(why.as_str())),
            },
            Plan::FromUnion(branches) => {
                let branch = at(branches, input.long()?)?;
                self.run(branch, input, out)?;
            }
            Plan::IntoUnion(branch, plan) => {
                Writer::new(out).long(*branch);
                self.run(plan, input, out)?;
            }
            Plan::Record(index) => {
                let Some(record) = self.records.get(*index) else {
                    return Err(wrong("a record without a plan"));
                };
                input.deeper(|input| self.record(record, input, out))?;
            }
            Plan::Fail(why) => return Err(wrong(why.as_str())),
        }
        Ok(())
    }

    /// The blocks of an array or map.
    fn blocks(
        &self,
        input: &mut Reader<'_>,
        out: &mut Vec<u8>,
        mut each: impl FnMut(&mut Reader<'_>, &mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        loop {
            let count = input.block()?;
            Writer::new(out).long(count as i64);
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                each(input, out)?;
            }
        }
    }

    /// The fields as they were written, and then in the reader's order.
    fn record(&self, record: &RecordPlan, input: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<()> {
        let mut fields = Vec::new();
        let mut ends = Vec::with_capacity(record.written.len());
        for field in &record.written {
            let start = fields.len();
            self.run(&field.plan, input, &mut fields).map_err(|error| in_field(error, &field.name))?;
            if !field.used {
                fields.truncate(start);
            }
            ends.push(start..fields.len());
        }
        for piece in &record.pieces {
            match piece {
                Piece::Field(number) => {
                    let range = ends.get(*number).cloned().unwrap_or_default();
                    out.extend_from_slice(fields.get(range).unwrap_or_default());
                }
                Piece::Default(bytes) => out.extend_from_slice(bytes),
                Piece::Missing(why) => return Err(wrong(why.as_str())),
            }
        }
        Ok(())
    }
}

fn at<T>(items: &[T], number: i64) -> Result<&T> {
    let found = usize::try_from(number).ok().and_then(|index| items.get(index));
    found.ok_or_else(|| wrong(format!("number {number} of {} branches or symbols", items.len())))
}

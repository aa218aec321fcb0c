//! What to do with the bytes of a writer so that they become those of the reader: made once for a pair of schemas.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::schema::{EnumSchema, RecordSchema};

use super::defaults;
use super::types::{self, Named, Shape, logical, matching, same_name, shape, show, target};

/// From the bytes of one written type to those of one read type.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    Null,
    /// A boolean, a float, a double or a fixed: this number of bytes as they are.
    Copy(usize),
    /// An int or long as either.
    Number,
    NumberToFloat,
    NumberToDouble,
    FloatToDouble,
    /// A string or bytes as either.
    Text,
    Array(Box<Plan>),
    Map(Box<Plan>),
    /// Number of the reader's symbol, or why there is none, for each symbol of the writer.
    Enum(Vec<Result<i64, String>>),
    /// By the branch that was written.
    FromUnion(Vec<Plan>),
    /// Into a branch of the reader's union.
    IntoUnion(i64, Box<Plan>),
    /// A record, in the list of all.
    Record(usize),
    /// Cannot be read, and why.
    Fail(String),
}

/// A record's fields.
#[derive(Debug, Default)]
pub(super) struct RecordPlan {
    /// The fields as they were written.
    pub(super) written: Vec<Written>,
    /// What the reader's record is made of, in its order.
    pub(super) pieces: Vec<Piece>,
}

#[derive(Debug)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) plan: Plan,
    pub(super) used: bool,
}

#[derive(Debug)]
pub(super) enum Piece {
    /// A field that was written, by its number there.
    Field(usize),
    /// The bytes of a default.
    Default(Vec<u8>),
    /// A field that was not written and has no default.
    Missing(String),
}

/// Makes plans.
pub(super) struct Planner<'s> {
    writer: Named<'s>,
    reader: Named<'s>,
    known: HashMap<(String, String), usize>,
    pub(super) records: Vec<RecordPlan>,
}

impl<'s> Planner<'s> {
    pub(super) fn new(writer: &'s Schema, reader: &'s Schema) -> Self {
        let (mut of_writer, mut of_reader) = (Named::new(), Named::new());
        types::named(writer, &mut of_writer);
        types::named(reader, &mut of_reader);
        Planner { writer: of_writer, reader: of_reader, known: HashMap::new(), records: Vec::new() }
    }

    /// The plan for a type; `path` names the field for messages.
    pub(super) fn plan(&mut self, writer: &'s Schema, reader: &'s Schema, path: &str) -> Plan {
        let (writer, reader) = (target(writer, &self.writer), target(reader, &self.reader));
        if let Shape::Union(branches) = shape(writer) {
            return Plan::FromUnion(branches.iter().map(|branch| self.plan(branch, reader, path)).collect());
        }
        if let Shape::Union(branches) = shape(reader) {
            return self.branch(writer, branches, reader, path);
        }
        if let (Some(written), Some(read)) = (logical(writer), logical(reader))
            && written != read
        {
            return mismatch(writer, reader, path);
        }
        match (shape(writer), shape(reader)) {
            (Shape::Null, Shape::Null) => Plan::Null,
            (Shape::Boolean, Shape::Boolean) => Plan::Copy(1),
            (Shape::Int, Shape::Int | Shape::Long) | (Shape::Long, Shape::Long) => Plan::Number,
            (Shape::Int | Shape::Long, Shape::Float) => Plan::NumberToFloat,
            (Shape::Int | Shape::Long, Shape::Double) => Plan::NumberToDouble,
            (Shape::Float, Shape::Float) => Plan::Copy(4),
            (Shape::Float, Shape::Double) => Plan::FloatToDouble,
            (Shape::Double, Shape::Double) => Plan::Copy(8),
            (Shape::Bytes | Shape::String, Shape::Bytes | Shape::String) => Plan::Text,
            (Shape::Array(written), Shape::Array(read)) => {
                Plan::Array(Box::new(self.plan(written, read, &format!("{path}[]"))))
            }
            (Shape::Map(written), Shape::Map(read)) => {
                Plan::Map(Box::new(self.plan(written, read, &format!("{path}{{}}"))))
            }
            _ if !same_name(writer, reader) => mismatch(writer, reader, path),
            (Shape::Fixed(written), Shape::Fixed(read)) if written == read => Plan::Copy(read),
            (Shape::Enum(written), Shape::Enum(read)) => Plan::Enum(symbols(written, read, path)),
            (Shape::Record(written), Shape::Record(read)) => self.record(written, read, path),
            _ => mismatch(writer, reader, path),
        }
    }

    /// Every reason why nothing of this can be read.
    pub(super) fn problems(&self, plan: &Plan) -> Vec<String> {
        let mut found = Vec::new();
        self.collect(plan, &mut vec![false; self.records.len()], &mut found);
        found
    }

    fn collect(&self, plan: &Plan, seen: &mut [bool], found: &mut Vec<String>) {
        match plan {
            Plan::Fail(why) => found.push(why.clone()),
            Plan::Array(item) | Plan::Map(item) | Plan::IntoUnion(_, item) => self.collect(item, seen, found),
            Plan::Enum(symbols) if symbols.iter().all(Result::is_err) => {
                found.extend(symbols.iter().filter_map(|symbol| symbol.clone().err()));
            }
            Plan::FromUnion(branches) => {
                let of_each: Vec<Vec<String>> = branches
                    .iter()
                    .map(|branch| {
                        let mut problems = Vec::new();
                        self.collect(branch, &mut seen.to_vec(), &mut problems);
                        problems
                    })
                    .collect();
                // A branch that cannot be read is an error where a value has it.
                if of_each.iter().all(|problems| !problems.is_empty()) {
                    found.extend(of_each.into_iter().flatten());
                }
            }
            Plan::Record(index) => {
                let (Some(record), Some(seen_before)) = (self.records.get(*index), seen.get_mut(*index))
                else {
                    return;
                };
                if std::mem::replace(seen_before, true) {
                    return;
                }
                for field in record.written.iter().filter(|field| field.used) {
                    self.collect(&field.plan, seen, found);
                }
                found.extend(record.pieces.iter().filter_map(|piece| match piece {
                    Piece::Missing(why) => Some(why.clone()),
                    _ => None,
                }));
            }
            _ => {}
        }
    }

    /// The branch of the same type, or else the first one that can take it.
    fn branch(&mut self, writer: &'s Schema, branches: &'s [Schema], union: &'s Schema, path: &str) -> Plan {
        let same = |branch: &Schema| {
            let branch = target(branch, &self.reader);
            std::mem::discriminant(&shape(writer)) == std::mem::discriminant(&shape(branch))
                && types::full_name(writer) == types::full_name(branch)
        };
        let (mut order, others): (Vec<usize>, Vec<usize>) =
            (0..branches.len()).partition(|index| branches.get(*index).is_some_and(same));
        order.extend(others);
        for index in order {
            let Some(branch) = branches.get(index) else { continue };
            let plan = self.plan(writer, branch, path);
            if self.problems(&plan).is_empty() {
                return Plan::IntoUnion(index as i64, Box::new(plan));
            }
        }
        mismatch(writer, union, path)
    }

    fn record(&mut self, writer: &'s RecordSchema, reader: &'s RecordSchema, path: &str) -> Plan {
        let names = (writer.name.fullname(None), reader.name.fullname(None));
        if let Some(index) = self.known.get(&names) {
            return Plan::Record(*index);
        }
        let index = self.records.len();
        self.known.insert(names, index);
        self.records.push(RecordPlan::default());
        let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let mut plans: Vec<Option<Plan>> = vec![None; writer.fields.len()];
        let mut pieces = Vec::with_capacity(reader.fields.len());
        for field in &reader.fields {
            let path = at(&field.name);
            let source = matching(&writer.fields, field).and_then(|i| Some((i, writer.fields.get(i)?)));
            pieces.push(match (source, &field.default) {
                (Some((number, written)), _) => {
                    let plan = self.plan(&written.schema, &field.schema, &path);
                    if let Some(slot) = plans.get_mut(number) {
                        *slot = Some(plan);
                    }
                    Piece::Field(number)
                }
                (None, Some(default)) => match defaults::bytes(&field.schema, default, &self.reader) {
                    Ok(bytes) => Piece::Default(bytes),
                    Err(why) => Piece::Missing(format!("field `{path}` was not written, and its default {why}")),
                },
                (None, None) => Piece::Missing(format!(
                    "field `{path}` was not written and has no default, read as `{}`: give it one, or let it be an `Option`",
                    show(&field.schema)
                )),
            });
        }
        let fields = writer.fields.iter().zip(plans).map(|(field, plan)| Written {
            name: field.name.clone(),
            used: plan.is_some(),
            // What nobody reads is gone through as it was written.
            plan: plan.unwrap_or_else(|| Planner::own(self, &field.schema)),
        });
        let written = fields.collect();
        if let Some(record) = self.records.get_mut(index) {
            *record = RecordPlan { written, pieces };
        }
        Plan::Record(index)
    }

    /// The plan that leaves a written type as it is.
    fn own(&mut self, writer: &'s Schema) -> Plan {
        let names = self.writer.clone();
        let reader = std::mem::replace(&mut self.reader, names);
        let known = std::mem::take(&mut self.known);
        let plan = self.plan(writer, writer, "");
        self.reader = reader;
        self.known = known;
        plan
    }
}

/// The field in words; nothing for the whole datum.
fn place(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("field `{path}`: ") }
}

fn mismatch(writer: &Schema, reader: &Schema, path: &str) -> Plan {
    let place = place(path);
    let hint = match (shape(writer), shape(reader)) {
        (Shape::Record(_), Shape::Record(_)) | (Shape::Enum(_), Shape::Enum(_)) => {
            " (for a type that was renamed: `#[record(aliases = [\"..\"])]`)"
        }
        _ => "",
    };
    Plan::Fail(format!("{place}written as `{}`, read as `{}`{hint}", show(writer), show(reader)))
}

fn symbols(writer: &EnumSchema, reader: &EnumSchema, path: &str) -> Vec<Result<i64, String>> {
    let number = |symbol: &String| reader.symbols.iter().position(|known| known == symbol);
    let default = reader.default.as_ref().and_then(number);
    let each = writer.symbols.iter().map(|symbol| {
        number(symbol).or(default).map(|index| index as i64).ok_or_else(|| {
            format!(
                "{}the symbol `{symbol}` of the writer's `{}` is not in the reader's, which has no default",
                place(path),
                writer.name.fullname(None)
            )
        })
    });
    each.collect()
}

use super::*;
use proptest::prelude::*;
use std::io::Cursor;

struct Table {
	header: String,
	rows: Vec<String>,
	rejected: Vec<(u64, String)>,
	survey: Survey,
}

fn read(bytes: &[u8], options: &Options) -> Result<Table, IngestError> {
	let mut source = Cursor::new(bytes);
	let survey = Survey::new(&mut source, options)?;
	let mut found = survey.rows(source)?;
	let (mut rows, mut rejected) = (Vec::new(), Vec::new());
	while let Some(row) = found.next_row()? {
		match row {
			Row::Accepted(line) => rows.push(line),
			Row::Rejected { line, reason, .. } => rejected.push((line, reason)),
		}
	}
	assert_eq!(found.consumed(), survey.length);
	Ok(Table { header: survey.header(), rows, rejected, survey })
}

fn table(text: &str) -> Table {
	read(text.as_bytes(), &Options::default()).unwrap()
}

#[test]
fn a_plain_table_stays_as_it_is() {
	let found = table("time,temperature\n2024-01-01T00:00:00Z,21.50\n2024-01-01T00:10:00Z,21.75\n");
	assert_eq!(found.header, "time,temperature");
	assert_eq!(found.rows, ["2024-01-01T00:00:00Z,21.50", "2024-01-01T00:10:00Z,21.75"]);
	assert!(found.rejected.is_empty());
}

#[test]
fn a_european_export_is_understood() {
	let found = table(
		"Date;Time;CO(GT);T;;\r\n10/03/2004;18.00.00;2,6;13,6;;\r\n\
		 10/03/2004;19.00.00;-999;1.013,3;;\r\n13/03/2004;20.00.00;2,2;11,9;;\r\n;;;;;\r\n",
	);
	assert_eq!(found.header, "time,CO(GT),T");
	assert_eq!(
		found.rows,
		[
			"2004-03-10T18:00:00Z,2.6,13.6",
			"2004-03-10T19:00:00Z,,1013.3",
			"2004-03-13T20:00:00Z,2.2,11.9",
		]
	);
	assert_eq!(found.survey.empty_columns, ["column5", "column6"]);
	assert!(found.survey.has_local_times);
}

#[test]
fn separators_are_found() {
	for separator in [",", ";", "\t", "|"] {
		let text = "time,a,b\n2024-01-01 00:00,1.5,x\n2024-01-01 00:10,2.5,y\n";
		let found = table(&text.replace(',', separator));
		assert_eq!(found.header, "time,a,b", "{separator:?}");
		assert_eq!(found.rows[0], "2024-01-01T00:00:00Z,1.5,x", "{separator:?}");
	}
}

#[test]
fn marks_of_missing_values_leave_cells_empty() {
	let found =
		table("time,a,b\n2024-01-01,NA,1\n2024-01-02,-999.0,2\n2024-01-03,null,\n2024-01-04,5,?\n");
	assert_eq!(
		found.rows,
		["2024-01-01T00:00:00Z,,1", "2024-01-02T00:00:00Z,,2", "2024-01-04T00:00:00Z,5,"]
	);
	assert_eq!(found.rejected, [(4, "has a time but no values".to_owned())]);
	let options = Options { missing: Some(vec!["-200".to_owned()]), ..Options::default() };
	let found = read(b"time,a,b\n2024-01-01,-200,-999\n", &options).unwrap();
	assert_eq!(found.rows, ["2024-01-01T00:00:00Z,-999"]);
}

#[test]
fn ragged_and_broken_rows_are_named() {
	let mut text = String::from("time,a,b\n");
	for minute in 10..30 {
		text.push_str(&format!("2024-01-01 00:{minute},1,2\n"));
	}
	text.push_str("2024-01-01 00:30,1\n2024-01-01 00:31,1,2,3\n2024-01-01 00:32,1,2,\n");
	text.push_str(
		"2024-01-01 00:33,oops,2\nyesterday,1,2\n2024-01-01 00:34,\"1,2\n,1,2\n2024-01-0",
	);
	let found = table(&text);
	assert_eq!(found.rows.len(), 21);
	let rejected: Vec<_> =
		found.rejected.iter().map(|(line, reason)| (*line, reason.as_str())).collect();
	assert_eq!(
		rejected,
		[
			(22, "has 2 fields where the header has 3"),
			(23, "has 4 fields where the header has 3"),
			(25, "\"oops\" in column \"a\" is no number"),
			(26, "\"yesterday\" is not a time"),
			(27, "a quote is opened and not closed"),
			(28, "has no time"),
			(29, "the file ends within this row (1 of 3 fields)"),
		]
	);
}

#[test]
fn names_are_made_unique_and_latin_1_is_read() {
	let found = read(b"\xEF\xBB\xBFtime,t,t,\n2024-01-01,1,2,3\n", &Options::default()).unwrap();
	assert_eq!(found.header, "time,t,t_2,column4");
	let found = read(b"time,\"T [\xB0C]\"\n2024-01-01,1\n", &Options::default()).unwrap();
	assert_eq!(found.header, "time,T [°C]");
}

#[test]
fn a_table_without_header_gets_names() {
	let found = table("2024-01-01 00:00,1.5\n2024-01-01 00:10,2.5\n");
	assert_eq!(found.header, "time,column2");
	assert_eq!(found.rows.len(), 2);
}

#[test]
fn ambiguous_dates_need_a_word() {
	let text = b"date,a\n03/04/2024,1\n05/04/2024,2\n";
	let refused = read(text, &Options::default());
	assert!(
		matches!(refused, Err(IngestError::AmbiguousDates(example)) if example == "03/04/2024")
	);
	let options = Options { date_order: Some(DateOrder::DayFirst), ..Options::default() };
	assert_eq!(read(text, &options).unwrap().rows[0], "2024-04-03T00:00:00Z,1");
	let proven = table("date,a\n03/04/2024,1\n03/31/2024,2\n");
	assert_eq!(proven.rows[0], "2024-03-04T00:00:00Z,1");
}

#[test]
fn unix_time_and_parts_are_times() {
	let found = table("sensor,ts,value\n7,1706715005,1\n7,1706715065,2\n");
	assert_eq!(found.header, "time,sensor,value");
	assert_eq!(found.rows[0], "2024-01-31T15:30:05Z,7,1");
	let found = table("No,year,month,day,hour,pm2.5\n1,2010,1,2,0,129\n2,2010,1,2,1,NA\n");
	assert_eq!(found.header, "time,No,pm2.5");
	assert_eq!(found.rows[1], "2010-01-02T01:00:00Z,2,");
}

#[test]
fn local_times_take_the_given_zone() {
	let options =
		Options { time_zone: TimeZone::get("Europe/Rome").unwrap(), ..Options::default() };
	let text = b"time,a\n2024-10-27 02:50,1\n2024-10-27 02:00,2\n2024-03-31 02:30,3\n";
	let found = read(text, &options).unwrap();
	assert_eq!(found.rows, ["2024-10-27T00:50:00Z,1", "2024-10-27T01:00:00Z,2"]);
	assert!(found.rejected[0].1.contains("skipped when clocks were put forward"));
}

#[test]
fn json_lines_are_flattened() {
	let found = table(concat!(
		"{\"time\":\"2024-01-01T00:00:00Z\",\"air\":{\"t\":21.5,\"rh\":\"40,5\"},\"ok\":true}\n",
		"{\"time\":\"2024-01-01T00:01:00Z\",\"air\":{\"t\":null},\"note\":\"a, \\\"b\\\"\\nc\"}\n",
		"{\"time\":\"2024-01-01T00:02:00Z\",\"air\":{\"t\":2",
	));
	assert_eq!(found.header, "time,air.rh,air.t,ok,note");
	assert_eq!(
		found.rows,
		["2024-01-01T00:00:00Z,40.5,21.5,true,", "2024-01-01T00:01:00Z,,,,\"a, \"\"b\"\" c\""]
	);
	assert_eq!(found.rejected, [(3, "the file ends within this object".to_owned())]);
}

#[test]
fn an_array_with_an_object_a_line_is_read() {
	let found = table("[\n{\"ts\":1706715005,\"v\":1},\n{\"ts\":1706715065,\"v\":2}\n]\n");
	assert_eq!(found.rows.len(), 2);
}

#[test]
fn columns_can_be_chosen() {
	let options = Options {
		columns: vec!["b".to_owned()],
		text_columns: vec!["b".to_owned()],
		time_columns: vec!["when".to_owned()],
		..Options::default()
	};
	let found = read(b"when,a,b\n2024-01-01,1,1.50\n", &options).unwrap();
	assert_eq!(
		(found.header.as_str(), found.rows[0].as_str()),
		("time,b", "2024-01-01T00:00:00Z,1.50")
	);
	let options = Options { columns: vec!["c".to_owned()], ..Options::default() };
	assert!(matches!(
		read(b"when,a,b\n2024-01-01,1,1.50\n", &options),
		Err(IngestError::UnknownColumn { .. })
	));
}

#[test]
fn what_is_no_table_is_refused() {
	for (bytes, expected) in [
		(b"".as_slice(), "the file has no rows"),
		(b"hello\nworld\n", "no separator was found"),
		(b"a,b\nx,y\n", "no column holds times"),
		(b"time,a\n2024-01-01,\n", "there are no columns but the time"),
	] {
		let Err(error) = read(bytes, &Options::default()) else { panic!("{expected}") };
		assert!(error.to_string().contains(expected), "{error}");
	}
	let wide = vec!["x"; MAX_COLUMNS + 1].join(",");
	assert!(matches!(read(wide.as_bytes(), &Options::default()), Err(IngestError::TooManyColumns)));
	let long = format!("time,{}\n2024-01-01,1\n", "x".repeat(3000));
	assert!(matches!(
		read(long.as_bytes(), &Options::default()),
		Err(IngestError::HeaderTooLong(_))
	));
}

#[test]
fn codes_stay_texts() {
	let found = table("time,station,t\n2024-01-01,007,1\n2024-01-02,012,2\n");
	assert_eq!(found.rows[0], "2024-01-01T00:00:00Z,007,1");
}

fn cell() -> impl Strategy<Value = String> {
	prop_oneof![
		Just(String::new()),
		Just("2024-01-01 10:00".to_owned()),
		"-?[0-9]{1,3}[.,]?[0-9]{0,3}",
		"[a-zé\"',; \n]{0,6}",
	]
}

proptest! {
	#[test]
	fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
		let _ = read(&bytes, &Options::default());
	}

	#[test]
	fn arbitrary_json_never_panics(text in "(\\{\"(time|a|b)\":[0-9a-z\"{}\\[\\],:]{0,20}\\}?\n?){0,5}") {
		let _ = read(text.as_bytes(), &Options::default());
	}

	#[test]
	fn accepted_rows_are_canonical(
		rows in proptest::collection::vec(proptest::collection::vec(cell(), 3), 1..20), separator in "[,;|\t]",
	) {
		let mut text = format!("time{separator}a{separator}b\n2024-01-01 00:00{separator}1{separator}x\n");
		rows.iter().for_each(|row| text.push_str(&format!("{}\n", row.join(&separator))));
		if let Ok(found) = read(text.as_bytes(), &Options::default()) {
			let canonical = format!("{}\n{}\n", found.header, found.rows.join("\n"));
			let again = read(
				canonical.as_bytes(),
				&Options { text_columns: vec!["a".into()], ..Options::default() },
			);
			if let (Ok(again), 3) = (again, found.header.split(',').count()) {
				prop_assert_eq!(again.rejected, vec![]);
				prop_assert_eq!(again.rows.len(), found.rows.len());
			}
		}
	}
}

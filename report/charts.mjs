// charts.mjs: the charts of the report, as their files say: a query (.sql) and a Vega-Lite spec (.json) for each.
//
// A query is one statement in the words of psql: :'name' is a value, :name a relation.  What else than these it
// says is sent as it is, so a reader can paste what the report shows.  Its columns sentence and confidence are words
// about the chart; all others are its data, which stay text until they are drawn.
import { readFileSync } from 'node:fs'

const here = new URL('.', import.meta.url)
export const read = name => readFileSync(new URL(name, here), 'utf8')
export const readJson = name => JSON.parse(read(name))

export const VALUES = ['month', 'at', 'since', 'team', 'provider', 'model', 'log', 'judged', 'deployment', 'policy']
const RELATIONS = ['log', 'judged']
const WORDS = ['sentence', 'confidence']

// The pages with their charts, in their order.
export function readPages() {
	return readJson('report.json').pages.map(page => ({ ...page, charts: page.charts.map(readChart) }))
}

export function readChart(name) {
	const spec = readJson(`charts/${name}.json`)
	const { usermeta, ...drawing } = spec
	return { name, sql: read(`charts/${name}.sql`).trim(), spec: drawing, ...usermeta }
}

// The query with every :'name' and :name replaced by what the two functions make of it.
export function fill(sql, value, relation) {
	return sql.replace(/(?<![:\w]):(?:'(\w+)'|(\w+)\b)/g, (_, quoted, bare) => {
		const name = quoted ?? bare
		if (!VALUES.includes(name) || (bare && !RELATIONS.includes(name))) throw new Error(`no such variable: :${name}`)
		return quoted ? value(name) : relation(name)
	})
}

export const literal = text => `'${String(text).replaceAll("'", "''")}'`

const NUMBERS = new Set([20, 21, 23, 700, 701, 1700])
const DATE = 1082

// What pg answers as text, as the data of a chart: columns, rows, how to read what is no text, and the words.
export function chartData(result, hasToggles) {
	const at = Object.fromEntries(result.fields.map((field, i) => [field.name, i]))
	const words = Object.fromEntries(WORDS.map(word => [word, result.rows[0]?.[at[word]] ?? null]))
	const kept = result.fields.map((_, i) => i).filter(i => hasToggles || !WORDS.includes(result.fields[i].name))
	const isData = row => kept.some(i => row[i] !== null && !WORDS.includes(result.fields[i].name))
	const parse = {}
	for (const field of result.fields) {
		if (NUMBERS.has(field.dataTypeID)) parse[field.name] = 'number'
		if (field.dataTypeID === DATE) parse[field.name] = "utc:'%Y-%m-%d'"
	}
	return { columns: kept.map(i => result.fields[i].name), rows: result.rows.filter(isData).map(row => kept.map(i => row[i])), parse, ...words }
}

// The spec with its data, ready for Vega-Lite.  Rows of a chart with toggles are those that are chosen.
export function drawing(chart, data, config) {
	return { ...chart.spec, config: { ...config, ...chart.spec.config }, data: { name: 'chart', values: objects(data), format: { type: 'json', parse: data.parse } } }
}

export function objects(data) {
	return data.rows.map(row => Object.fromEntries(data.columns.map((column, i) => [column, row[i]])))
}

// grafana: the dashboard is written of the charts as they are, is one that Grafana's published schema takes, and each
// of its queries is answered to a reader; so are the lists for other tools, and the menu of psql.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import ts from 'typescript'
import { connect, settings } from '../build.mjs'
import { literal, read, readPages } from '../charts.mjs'
import { dashboard, files, questions } from '../grafana.mjs'

process.env.PGUSER = 'report_reader'
let client, asked
before(async () => {
	client = await connect()
	asked = await settings(client)
})
after(() => client.end())

const made = dashboard()
const charts = readPages().flatMap(page => page.charts)
const panels = made.panels.filter(panel => panel.type !== 'row')

test('the files are of the charts as they are: node report/grafana.mjs', () => {
	for (const [name, text] of Object.entries(files())) assert.equal(read(name), text, name)
})

test('every chart is a panel, once, and none lies over another', () => {
	assert.deepEqual(panels.map(panel => panel.title), charts.map(chart => chart.title))
	assert.equal(new Set(made.panels.map(panel => panel.id)).size, made.panels.length)
	const taken = new Set()
	for (const { gridPos: { x, y, w, h } } of made.panels) {
		assert.ok(x >= 0 && x + w <= 24)
		for (let i = x; i < x + w; i++) for (let j = y; j < y + h; j++) {
			assert.ok(!taken.has(`${i},${j}`), `${i},${j}`)
			taken.add(`${i},${j}`)
		}
	}
})

// Enumerations of strings are written as strings in JSON.
const checked = `
import type { Dashboard } from '@grafana/schema/dist/types/raw/dashboard/x/types.gen'
import type { Options as BarChart } from '@grafana/schema/dist/types/raw/composable/barchart/panelcfg/x/types.gen'
import type { Options as Table } from '@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen'
import type { Options as TimeSeries } from '@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen'
import type { Options as Trend } from '@grafana/schema/dist/types/raw/composable/trend/panelcfg/x/types.gen'
type Json<T> = T extends string ? \`\${T}\` : T extends (infer U)[] ? Json<U>[] : T extends object ? { [K in keyof T]: Json<T[K]> } : T
const dashboard: Json<Dashboard> = DASHBOARD
const barchart: Json<BarChart>[] = OPTIONS.barchart
const table: Json<Table>[] = OPTIONS.table
const timeseries: Json<TimeSeries>[] = OPTIONS.timeseries
const trend: Json<Trend>[] = OPTIONS.trend
`

function complaints(dashboard) {
	const options = type => JSON.stringify(dashboard.panels.filter(panel => panel.type === type).map(panel => panel.options))
	const text = checked.replace('DASHBOARD', () => JSON.stringify(dashboard)).replace(/OPTIONS\.(\w+)/g, (_, type) => options(type))
	const path = new URL('checked.ts', import.meta.url).pathname
	const settings = { strict: true, noEmit: true, skipLibCheck: true, types: [], module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Node10, ignoreDeprecations: '5.0', target: ts.ScriptTarget.ES2022 }
	const host = ts.createCompilerHost(settings)
	const { getSourceFile, fileExists, readFile } = host
	host.getSourceFile = (name, ...rest) => (name === path ? ts.createSourceFile(name, text, settings.target) : getSourceFile(name, ...rest))
	host.fileExists = name => name === path || fileExists(name)
	host.readFile = name => (name === path ? text : readFile(name))
	const program = ts.createProgram([path], settings, host)
	return ts.getPreEmitDiagnostics(program).map(found => ts.flattenDiagnosticMessageText(found.messageText, '\n'))
}

test('the schema of a published Grafana takes it', () => {
	assert.deepEqual(complaints(made), [])
	assert.match(complaints({ ...made, schemaVersion: 'new' }).join(), /not assignable/, 'and would not take another')
	assert.match(complaints({ ...made, panels: [{ ...panels[0], targets: 1 }] }).join(), /not assignable/)
})

// What Grafana sends: its macros of time and its variables, each as it writes them.
const sent = (sql, values = {}) => sql
	.replaceAll('$__timeTo()', literal('2026-11-01T00:00:00Z')).replaceAll('$__timeFrom()', literal('2026-08-01T00:00:00Z'))
	.replace(/\$\{(\w+):(sqlstring|raw)\}/g, (_, name, format) => {
		const variable = made.templating.list.find(variable => variable.name === name) ?? assert.fail(`no variable ${name}`)
		const value = values[name] ?? variable.current?.value ?? asked[name]
		if (value === '$__all') return variable.allValue
		return format === 'raw' ? value : literal(value)
	})

for (const panel of panels) {
	test(`rawSql of "${panel.title}" is answered to a reader`, async () => {
		const answer = await client.query(sent(panel.targets[0].rawSql))
		assert.doesNotMatch(sent(panel.targets[0].rawSql), /\$\{|\$__/)
		const names = new Set(answer.fields.map(field => field.name))
		for (const { id, options } of panel.transformations) {
			const used = id === 'filterFieldsByName' ? options.include.names : id === 'groupingToMatrix' ? Object.values(options) : id === 'organize' ? ['sentence'] : []
			for (const name of used) assert.ok(names.has(name), `${name} of ${[...names]}`)
		}
		if (panel.type === 'barchart') assert.ok(names.has(panel.options.xField))
		if (panel.title !== 'How sure the saving of machines is') assert.ok(answer.rows.length > 0)
	})
}

test('the variables are answered, and choose', async () => {
	for (const variable of made.templating.list.filter(variable => variable.type === 'query')) {
		assert.ok((await client.query(variable.query)).rows.length > 0, variable.name)
	}
	const sql = panels.find(panel => panel.title.startsWith('By team')).targets[0].rawSql
	const research = await client.query(sent(sql, { team: 'research' }))
	assert.deepEqual(research.rows.map(row => row.value), ['research'])
	const hostile = await client.query(sent(sql, { team: "x'; SELECT pg_sleep(9); --" }))
	assert.equal(hostile.rows.length, 0)
})

test('the lists for other tools have every chart', () => {
	assert.deepEqual(questions().map(row => row.name), charts.map(chart => chart.name))
	const csv = read('questions.csv')
	assert.equal([...csv.matchAll(/"(?:[^"]|"")*"/g)].length, 6 * (charts.length + 1))
	for (const row of questions()) assert.doesNotMatch(row.sql.replace(/::\w/g, ''), /:'\w/, row.name)
})

test('the menu of psql shows every chart', () => {
	const asks = charts.map(chart => `:${chart.name}`)
	const shown = spawnSync('psql', ['-X', '-v', 'ON_ERROR_STOP=1'], { input: `\\i report/psql/menu.sql\n${asks.join('\n')}\n:sparklines\n`, encoding: 'utf8', env: { ...process.env, COLUMNS: '120' } })
	assert.equal(shown.stderr, '')
	assert.equal(shown.status, 0)
	for (const chart of charts) assert.ok(shown.stdout.includes(`:${chart.name} `), chart.name)
	assert.match(shown.stdout, /The largest is engineering/)
	assert.match(shown.stdout, /\| ?[▁-█]{28,}|│ [▁-█]{28,}/)
})

// grafana.mjs: writes grafana.json, a dashboard of the same queries, questions.json and .csv, the same list for
// Metabase, Superset and whatever else reads SQL, and psql/menu.sql.  `node report/grafana.mjs` after a change of
// charts/; a test compares.
//
// A query gets the time of the dashboard by Grafana's macros, and what else it asks for by variables.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fill, literal, readPages } from './charts.mjs'
import { NO_ANSWERS } from './build.mjs'

const MONTH = "(date_trunc('month', ($__timeTo()::timestamptz - interval '1 microsecond') AT TIME ZONE 'UTC'))"
const VALUES = { month: MONTH, at: '$__timeTo()', since: '$__timeFrom()', log: "'usage_all'" }
const RELATIONS = { log: 'usage_all', judged: '${judged:raw}' }
const variable = name => `\${${name}:sqlstring}`

// What a chart's toggle shows is chosen by a variable of its field, where the choices are known beforehand.
const CHOICES = { by: ['team', 'model', 'provider', 'meter'], who: ['project', 'user', 'session', 'key'], seller: ['cheap (p10)', 'median', 'dear (p90)'],
	term: ['on demand', 'reserved 1y', 'reserved 3y'], utilization: ['30 %', '50 %', '70 %', '90 %'], people: ['0 FTE', '0.25 FTE', '0.5 FTE', '1 FTE'] }
const STARTS = { by: 'team', who: 'project', seller: 'median', term: 'reserved 1y', utilization: '50 %', people: '0.25 FTE' }

export function rawSql(chart) {
	const sql = fill(chart.sql.replace(/;$/, ''), name => VALUES[name] ?? variable(name), name => RELATIONS[name])
	const chosen = (chart.toggles ?? []).map(toggle => toggle.field).filter(field => CHOICES[field])
	const by = field => variable(field === 'by' && chart.name === 'requests_who' ? 'who' : field)
	return chosen.length ? `SELECT * FROM (\n${sql}\n) AS chosen\nWHERE ${chosen.map(field => `"${field}" = ${by(field)}`).join(' AND ')}` : sql
}

const legend = { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true }
const tooltip = { mode: 'single', sort: 'none' }
const field = (chart, axis) => [chart.spec.encoding, ...(chart.spec.layer ?? []).map(layer => layer.encoding)].map(encoding => encoding?.[axis]?.field).find(Boolean)

// How each kind of chart is drawn: its panel's type, options, and what is done to the rows before.
const KINDS = {
	table: () => ({ type: 'table', options: { cellHeight: 'sm', frameIndex: 0, showHeader: true } }),
	bars: chart => {
		const [label, amount] = field(chart, 'y') && chart.spec.encoding.y?.type === 'nominal' ? [field(chart, 'y'), field(chart, 'x')] : [field(chart, 'x'), field(chart, 'y')]
		const keep = amount === 'percent' && chart.name === 'requests_cost' ? ['percent_of_requests', 'percent_of_usd'] : [amount]
		return { type: 'barchart', keep: [label, ...keep],
			options: { barWidth: 0.8, fullHighlight: false, groupWidth: 0.7, orientation: chart.name === 'requests_cost' ? 'vertical' : 'horizontal', showValue: 'auto', stacking: 'none', xField: label, xTickLabelMaxLength: 0, xTickLabelRotation: 0, legend, tooltip } }
	},
	timeseries: () => ({ type: 'timeseries', keep: ['day', 'usd'], options: { legend, tooltip } }),
	trend: () => ({ type: 'trend', options: { legend, tooltip, xField: 'day\\series' }, transformations: [
		{ id: 'groupingToMatrix', options: { columnField: 'series', rowField: 'day', valueField: 'usd' } },
		{ id: 'convertFieldType', options: { conversions: [{ targetField: 'day\\series', destinationType: 'number' }], fields: {} } }] }),
	heatmap: () => ({ type: 'table', options: { cellHeight: 'sm', frameIndex: 0, showHeader: true }, color: true, transformations: [
		{ id: 'groupingToMatrix', options: { columnField: 'hour', rowField: 'weekday', valueField: 'replicas' } }] }),
}

const datasource = { type: 'grafana-postgresql-datasource', uid: '${datasource}' }

function panel(chart, id, gridPos) {
	const { type, options, keep, transformations = [], color } = KINDS[chart.grafana](chart)
	const hide = { id: 'organize', options: { excludeByName: { sentence: true, confidence: true }, indexByName: {}, renameByName: {} } }
	const only = keep && { id: 'filterFieldsByName', options: { include: { names: keep } } }
	return { id, type, title: chart.title, description: `${chart.unit}, UTC; ${chart.confidence}.`, gridPos, datasource, options,
		fieldConfig: { defaults: { custom: color ? { cellOptions: { type: 'color-background' } } : {}, color: { mode: color ? 'continuous-blues' : 'fixed', fixedColor: 'blue' } }, overrides: [] },
		targets: [{ refId: 'A', datasource, editorMode: 'code', format: 'table', rawQuery: true, rawSql: rawSql(chart) }],
		transformations: [only ?? hide, ...transformations] }
}

const query = (name, label, sql, all) => ({ name, label, type: 'query', datasource, query: sql, refresh: 1, sort: 1, multi: false, includeAll: all, ...(all ? { allValue: "'*'", current: { text: 'All', value: '$__all' } } : {}), options: [], hide: 0, skipUrlSync: false })
const custom = name => ({ name, label: name, type: 'custom', query: CHOICES[name].map(value => value.replaceAll(',', '\\,')).join(', '), multi: false, includeAll: false,
	current: { text: STARTS[name], value: STARTS[name] }, options: CHOICES[name].map(value => ({ text: value, value, selected: value === STARTS[name] })), hide: 0, skipUrlSync: false })

export function dashboard() {
	const panels = []
	let y = 0, id = 1
	for (const page of readPages()) {
		panels.push({ id: id++, type: 'row', title: page.title, collapsed: false, gridPos: { h: 1, w: 24, x: 0, y: y++ }, panels: [] })
		let x = 0
		for (const chart of page.charts) {
			const w = chart.wide ? 24 : 12
			if (x + w > 24) [x, y] = [0, y + 9]
			panels.push(panel(chart, id++, { h: 9, w, x, y }))
			x += w
		}
		y += 9
	}
	return {
		uid: 'inferacct', title: 'What inference costs', description: 'The charts of report/, by the same queries. The month is the one that holds the end of the time range.', tags: ['inferacct', 'finops'],
		timezone: 'utc', editable: true, graphTooltip: 0, schemaVersion: 42, version: 1, refresh: '', time: { from: 'now-92d', to: 'now' }, fiscalYearStartMonth: 0,
		annotations: { list: [] }, links: [], panels,
		templating: { list: [
			{ name: 'datasource', label: 'database', type: 'datasource', query: datasource.type, multi: false, includeAll: false, options: [], hide: 0, refresh: 1, regex: '', skipUrlSync: false },
			query('team', 'team', 'SELECT DISTINCT team FROM monthly_spend WHERE team IS NOT NULL ORDER BY 1', true),
			query('provider', 'provider', 'SELECT DISTINCT provider FROM monthly_spend WHERE provider IS NOT NULL ORDER BY 1', true),
			query('model', 'model', 'SELECT DISTINCT model FROM monthly_spend WHERE model IS NOT NULL ORDER BY 1', true),
			query('deployment', 'machines', 'SELECT DISTINCT name FROM deployment ORDER BY 1', false),
			query('policy', 'routing policy', 'SELECT name FROM current_routing_policy ORDER BY 1', false),
			...Object.keys(CHOICES).map(custom),
			{ name: 'judged', label: 'judged answers', type: 'textbox', query: NO_ANSWERS, current: { text: NO_ANSWERS, value: NO_ANSWERS }, options: [], hide: 0, skipUrlSync: false },
		] },
	}
}

// The queries with their variables in words that other tools know: {{name}}.
export function questions() {
	return readPages().flatMap(page => page.charts.map(chart => ({ page: page.title, name: chart.name, title: chart.title, unit: chart.unit, confidence: chart.confidence,
		sql: fill(chart.sql, name => (name === 'log' ? "'usage_all'" : `{{${name}}}`), name => (name === 'log' ? 'usage_all' : '{{judged}}')) })))
}

// A shortcut for each chart, :name; the variables are those of charts.mjs, as build.mjs finds them.
export function menu() {
	const pages = readPages()
	const width = Math.max(...pages.flatMap(page => page.charts).map(chart => chart.name.length))
	return `-- menu.sql: the report's charts as shortcuts of psql.  In the top directory of the checkout: \\i report/psql/menu.sql
-- Written by report/grafana.mjs.
\\set QUIET on
\\pset footer off
\\pset linestyle unicode
\\pset format wrapped
\\pset null ''
SET timezone = 'UTC';
SET inferacct.unpriced = 'null';
SET search_path = public, inferacct;
SET client_min_messages = error;
SELECT least(now(), max(hour) + interval '1 hour') AS at FROM hourly_spend \\gset
SELECT date_trunc('month', :'at'::timestamptz - interval '1 microsecond')::date AS month, :'at'::timestamptz - interval '92 days' AS since \\gset
SELECT coalesce((SELECT deployment FROM deployment_run ORDER BY since DESC LIMIT 1), (SELECT name FROM deployment WHERE name = 'llama-70b-2xh100' LIMIT 1),
	(SELECT min(name) FROM deployment), '') AS deployment, coalesce((SELECT name FROM current_routing_policy ORDER BY valid_from DESC, version DESC LIMIT 1), '') AS policy \\gset
SELECT coalesce(to_regclass('judged')::text, ${literal(NO_ANSWERS)}) AS judged \\gset
\\set team '*'
\\set provider '*'
\\set model '*'
\\set log usage_all
\\set sparklines '\\\\i report/psql/sparklines.sql'
\\set menu '\\\\i report/psql/menu.sql'
${pages.flatMap(page => page.charts).map(chart => `\\set ${chart.name} '\\\\set chart ${chart.name} \\\\i report/psql/show.sql'`).join('\n')}
\\echo
\\echo What inference costs, as of :at
\\echo
${pages.map(page => page.charts.map((chart, i) => `\\echo '  ${(i ? '' : page.title).padEnd(12)}:${chart.name.padEnd(width)}  ${chart.title.replaceAll("'", "''")}'`).join('\n')).join('\n')}
\\echo '  ${'By day'.padEnd(12)}:${'sparklines'.padEnd(width)}  The last two months, a line for each team and model'
\\echo
\\echo 'Type a name with its colon.  \\\\set team NAME, then again, for one team.  :menu shows this anew.'
`
}

const cell = text => `"${String(text).replaceAll('"', '""')}"`

export function files() {
	const list = questions()
	const columns = Object.keys(list[0])
	return {
		'grafana.json': `${JSON.stringify(dashboard(), null, 1)}\n`,
		'questions.json': `${JSON.stringify(list, null, 1)}\n`,
		'questions.csv': `${[columns, ...list.map(row => columns.map(column => row[column]))].map(row => row.map(cell).join(',')).join('\r\n')}\r\n`,
		'psql/menu.sql': menu(),
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	for (const [name, text] of Object.entries(files())) writeFileSync(new URL(name, import.meta.url), text)
}

// build.mjs: runs the queries of the report and writes inferacct-report.html, one file that needs nothing else.
//
// The connection is libpq's: PGHOST, PGDATABASE, PGUSER ...; a role that may read suffices, and a team's reader gets
// the report of its team.  OUT, AT, TEAM, PROVIDER, MODEL, LOG, JUDGED, DEPLOYMENT, POLICY, DAYS, SERVE and PORT are in README.md.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { chartData, fill, literal, read, readJson, readPages } from './charts.mjs'

const textOnly = { getTypeParser: () => text => text }
const say = line => process.stderr.write(`${line}\n`)

export async function connect() {
	const client = new pg.Client({ types: textOnly, application_name: 'inferacct report' })
	client.on('notice', () => {})
	await client.connect()
	await client.query("SET timezone = 'UTC'; SET search_path = public, inferacct; SET inferacct.unpriced = 'null'")
	return client
}

const one = async (client, sql, values = []) => (await client.query({ text: sql, values, rowMode: 'array' })).rows[0]?.[0] ?? null

// What the queries ask for: the settings, and for those that are not given what the database has.
export async function settings(client, env = process.env) {
	const at = env.AT || await one(client, "SELECT least(now(), max(hour) + interval '1 hour') FROM hourly_spend")
	if (!at) throw new Error('the rollup is empty: attach a log (docs/sources.md) and CALL refresh_usage()')
	const [month, moment] = (await client.query({ rowMode: 'array', values: [at],
		text: "SELECT date_trunc('month', $1::timestamptz - interval '1 microsecond')::date, $1::timestamptz" })).rows[0]
	const days = env.DAYS || '92'
	if (!/^[1-9]\d{0,3}$/.test(days)) throw new Error(`DAYS=${days} is not a number of days`)
	const since = await one(client, "SELECT ($1::timestamptz - make_interval(days => $2))::timestamptz", [at, days])
	const deployment = env.DEPLOYMENT || await one(client, `SELECT deployment FROM deployment_run WHERE from_at <= $1 ORDER BY from_at DESC LIMIT 1`, [at]) ||
		await one(client, "SELECT coalesce((SELECT name FROM deployment WHERE name = 'llama-70b-2xh100' LIMIT 1), min(name)) FROM deployment")
	const policy = env.POLICY || await one(client, 'SELECT name FROM current_routing_policy ORDER BY valid_from DESC, version DESC LIMIT 1') || ''
	const judged = env.JUDGED || await one(client, "SELECT to_regclass('judged')::text") || NO_ANSWERS
	return { month, at: moment, since, team: env.TEAM || '*', provider: env.PROVIDER || '*', model: env.MODEL || '*',
		log: env.LOG || 'usage_all', judged, deployment: deployment ?? '', policy }
}

// A relation without a row in the columns of judged answers (README.md).
const NO_ANSWERS = '(SELECT NULL::float8 AS score, NULL::usage AS usage, NULL::float8 AS weak_quality, NULL::float8 AS strong_quality WHERE false)'

// Several charts read the requests one by one: they are read once, into a table of this session.
async function copyLog(client, asked) {
	try {
		await client.query(`CREATE TEMP TABLE report_log AS SELECT * FROM ${asked.log} WHERE at >= ${literal(asked.since)} AND at < ${literal(asked.at)}`)
		await client.query('ANALYZE report_log')
		return 'report_log'
	} catch (error) {
		if (error.code !== '42501') throw error
		return asked.log		// a role without TEMP reads the log itself
	}
}

async function watched(label, work) {
	const from = Date.now()
	const seconds = () => ((Date.now() - from) / 1000).toFixed(1)
	const isTerminal = process.stderr.isTTY
	const timer = setInterval(() => isTerminal && process.stderr.write(`\r  ${label} ${seconds()} s `), 500)
	try {
		return await work()
	} finally {
		clearInterval(timer)
		say(`${isTerminal ? '\r' : ''}  ${label.padEnd(28)} ${seconds()} s`)
	}
}

// Everything that the page shows, as data.
export async function collect(client, asked) {
	const pages = readPages()
	const shown = sql => fill(sql, name => literal(asked[name]), name => asked[name])
	const log = await watched('reading the log', () => copyLog(client, asked))
	const run = sql => client.query({ text: fill(sql, name => literal(name === 'log' ? log : asked[name]), name => (name === 'log' ? log : asked[name])), rowMode: 'array' })
	const facts = (await run(read('facts.sql')))
	const said = Object.fromEntries(facts.fields.map((field, i) => [field.name, facts.rows[0]?.[i] ?? null]))
	for (const page of pages) {
		for (const chart of page.charts) {
			chart.shown = shown(chart.sql)
			try {
				chart.data = chartData(await watched(chart.name, () => run(chart.sql)), Boolean(chart.toggles))
			} catch (error) {
				if (!error.code) throw error
				chart.error = { code: error.code, message: error.message, detail: error.detail, hint: error.hint }
				say(`  ${chart.name}: ${error.code} ${error.message}`)
			}
		}
	}
	return { asked, facts: said, pages }
}

// ---- the page ----

const escaped = text => String(text ?? '').replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`)
const inlineJson = value => JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
const sha256 = text => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

function libraries() {
	return ['vega', 'vega-lite', 'vega-embed'].map(name => read(`node_modules/${name}/build/${name}.min.js`)
		.replace(/^\/\/# sourceMappingURL=.*$/m, '').replaceAll('</script', '<\\/script'))
}

function badges(facts) {
	const of = (percent, what, means) => percent === null ? '' :
		`<li class="${Number(percent) > 0 ? 'marked' : ''}" title="${escaped(means)}"><b>${escaped(percent)} %</b> ${what}</li>`
	return [of(facts.unpriced_percent, 'of tokens without a price', 'these are in no sum of USD'),
		of(facts.guessed_percent, 'of USD guessed', 'priced by a guessed name, or by another meter or region'),
		of(facts.stale_percent, 'of USD at stale prices', 'checked longer before the request than inferacct.stale_after'),
		of(facts.disputed_percent, 'of USD disputed', 'sources state different prices')].join('')
}

function figure(chart) {
	const rests = [chart.unit, 'UTC', chart.confidence, chart.data?.confidence].filter(Boolean)
	const words = chart.data?.sentence ?? (chart.error ? '' : 'There is nothing to show here yet.')
	const trouble = chart.error && `<div class="trouble" role="note"><b>${escaped(chart.error.code)}</b> ${escaped(chart.error.message)}
		${chart.error.detail ? `<br>${escaped(chart.error.detail)}` : ''}${chart.error.hint ? `<br>${escaped(chart.error.hint)}` : ''}</div>`
	return `<figure id="${chart.name}"${chart.wide ? ' class="wide"' : ''}>
<figcaption><h3>${escaped(chart.title)}</h3><p class="sentence" aria-live="polite">${escaped(words)}</p></figcaption>
<div class="toggles"></div>${trouble || '<div class="chart"></div>'}
<p class="rests">${rests.map(escaped).join(' · ')}</p>
<details class="data"><summary>Figures</summary><div class="scroll"></div></details>
<details class="query"><summary>Query</summary><pre tabindex="0"><code>${escaped(chart.shown)}</code></pre></details>
</figure>`
}

export function html({ facts, asked, pages }) {
	const title = `${readJson('report.json').title}, ${facts.month}`
	const style = read('page.css')
	const scripts = [...libraries(), read('page.js')]
	const policy = `default-src 'none'; script-src ${scripts.map(sha256).join(' ')}; style-src ${sha256(style)}; img-src data:; base-uri 'none'; form-action 'none'`
	const data = { config: readJson('config.json'), charts: Object.fromEntries(pages.flatMap(page => page.charts).filter(chart => chart.data)
		.map(chart => [chart.name, { spec: chart.spec, toggles: chart.toggles, text: chart.text, ...chart.data }])) }
	const filters = ['team', 'provider', 'model'].filter(name => asked[name] !== '*').map(name => `${name} ${asked[name]}`).join(', ')
	const short = pages.flatMap(page => page.charts.filter(chart => chart.short && chart.data?.sentence)
		.map(chart => `<li><a href="#${chart.name}">${escaped(chart.short)}</a> <span>${escaped(chart.data.sentence)}</span></li>`)).join('\n')
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#spend">Skip to the report</a>
<nav aria-label="Pages"><strong>inferacct</strong><ul>
${pages.map(page => `<li><a href="#${page.id}">${escaped(page.title)}</a></li>`).join('\n')}
</ul><button type="button" id="theme" aria-label="Light or dark">◐</button></nav>
<main>
<header>
<h1>${escaped(title)}</h1>
<p class="lead">${escaped(facts.requests)} requests${facts.usd ? `, ${escaped(facts.usd)} USD` : ''}${filters ? `, ${escaped(filters)}` : ''}, as of ${escaped(facts.at)} UTC.
USD at ${facts.contract ? `the prices of contract ${escaped(facts.contract)}` : 'list prices'}, days and months in UTC.</p>
<ul class="badges">${badges(facts)}</ul>
<ol class="short">${short}</ol>
</header>
${pages.map(page => `<section id="${page.id}" aria-labelledby="${page.id}-title">
<h2 id="${page.id}-title">${escaped(page.title)}</h2><p class="question">${escaped(page.question)}</p>
<div class="figures">
${page.charts.map(figure).join('\n')}
</div></section>`).join('\n')}
<footer><p>Database ${escaped(facts.database)}, read as ${escaped(facts.reader)}, prices of version ${escaped(facts.price_version)}, made ${escaped(facts.made_at)} UTC.
Each figure is what its query answers; nothing is computed in this page.</p></footer>
</main>
<script type="application/json" id="report">${inlineJson(data)}</script>
${scripts.map(script => `<script>${script}</script>`).join('\n')}
</body>
</html>
`
}

async function make() {
	const client = await connect()
	try {
		return html(await collect(client, await settings(client)))
	} finally {
		await client.end()
	}
}

// On loopback only; a page that is older than a minute is made anew when it is asked for.
function serve(port) {
	let page, madeAt = 0
	createServer(async (request, response) => {
		if (request.method !== 'GET' || request.url !== '/') return response.writeHead(404).end()
		try {
			if (Date.now() - madeAt > 60000) {
				madeAt = Date.now()
				page = make()
			}
			response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', Refresh: '300', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }).end(await page)
		} catch (error) {
			madeAt = 0
			response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${error.message}\n`)
		}
	}).listen(port, '127.0.0.1', () => say(`http://127.0.0.1:${port}/  (Ctrl-C ends it)`))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const out = process.env.OUT || 'inferacct-report.html'
	if (process.env.SERVE) {
		serve(Number(process.env.PORT || 8321))
	} else {
		make().then(page => {
			writeFileSync(`${out}.new`, page)
			renameSync(`${out}.new`, out)
			say(`${out}: ${(page.length / 1e6).toFixed(1)} MB`)
		}).catch(error => {
			say(`report: ${error.message}${error.hint ? `\n${error.hint}` : ''}`)
			process.exitCode = 1
		})
	}
}

// queries: every chart is answered to a reader, says what it has to, and is drawn as the database answers.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { collect, connect, html, settings } from '../build.mjs'
import { fill, objects, readPages } from '../charts.mjs'
import { choices, draw, marksOf } from './drawn.mjs'

const owner = process.env.PGUSER
const as = async (user, work) => {
	const before = process.env.PGUSER
	process.env.PGUSER = user
	const client = await connect()
	try { return await work(client) } finally { process.env.PGUSER = before; await client.end() }
}
const report = await as('report_reader', async client => collect(client, await settings(client)))
const charts = report.pages.flatMap(page => page.charts)
const value = (user, sql) => as(user, async client => (await client.query({ text: sql, rowMode: 'array' })).rows[0][0])

test('every file of charts/ is shown', () => {
	const files = readdirSync(new URL('../charts', import.meta.url)).map(name => name.replace(/\.\w+$/, ''))
	assert.deepEqual([...new Set(files)].sort(), charts.map(chart => chart.name).sort())
	for (const name of files) assert.equal(files.filter(other => other === name).length, 2, `${name}: a query and a spec`)
})

// A sentence that lacks a figure.
const GAPS = /%s|NULL|NaN|\(\)|: \.| {2}|^ |(?<!\d )(?<!\d)%|,,|\bby \./

for (const chart of charts) {
	test(`${chart.name} is answered to a reader`, () => {
		assert.equal(chart.error, undefined, chart.error?.message)
		assert.ok(chart.title && chart.unit && chart.confidence && chart.grafana, 'title, unit, confidence, grafana')
		assert.match(chart.data.sentence ?? '', /\w.*[.]/, 'a sentence')
		assert.doesNotMatch(chart.data.sentence, GAPS)
	})
}

test('no chart of the demo is empty', () => {
	// Without machines nothing can vary: decision_range says so.
	const empty = charts.filter(chart => chart.data.rows.length === 0).map(chart => chart.name)
	assert.deepEqual(empty.filter(name => name !== 'decision_range'), [])
})

// ---- what is drawn is what the database said ----

const decimal = text => {		// exact: an integer of 1e-12
	const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? assert.fail(`${text} is no decimal`)
	return BigInt(sign + whole + part.padEnd(12, '0').slice(0, 12))
}

const unitsOf = spec => (spec.layer ?? [spec]).map((layer, i) => ({
	name: spec.layer ? `layer_${i}_marks` : 'marks', mark: layer.mark?.type ?? layer.mark,
	encoding: { ...Object.fromEntries(Object.entries(spec.layer ? spec.encoding ?? {} : {}).filter(([channel]) => layer.encoding?.[channel] !== null)), ...layer.encoding },
	filters: [...(layer.transform ?? [])].filter(transform => transform.filter) }))

// The rows as Vega has read them, before a layer takes its part; a chart of two bars a row has each row twice.
const readData = (view, count) => Object.keys(view.getState({ data: () => true }).data).filter(name => !['root', 'chart'].includes(name) && !name.endsWith('marks'))
	.map(name => view.data(name)).find(rows => rows?.length && rows.length % count === 0) ?? assert.fail('no rows are read')

const near = (a, b) => Math.abs(a - b) < 1e-6 * Math.max(1, Math.abs(a), Math.abs(b))

async function marksAreRows(chart) {
	for (const { key, rows } of choices(chart).slice(0, 6)) {
		const { view, spec, warnings } = await draw(chart, rows)
		assert.deepEqual(warnings.filter(line => !/Dropping "fit-y"/.test(line)), [], key)
		assert.equal(view.data('chart').length, rows.length, `${key}: rows`)
		const drawn = readData(view, rows.length)
		for (const column of Object.keys(chart.data.parse).filter(column => chart.data.parse[column] === 'number')) {
			const said = rows.map(row => row[column]).filter(text => text !== null)
			const seen = drawn.map(row => row[column]).filter(number => number !== null && number !== undefined)
			const times = drawn.length / rows.length
			assert.equal(seen.length, said.length * times, `${key}: ${column}`)
			if (!said.length) continue
			const sum = times * Number(said.map(decimal).reduce((a, b) => a + b, 0n)) / 1e12
			assert.ok(near(seen.reduce((a, b) => a + b, 0), sum), `${key}: sum of ${column}`)
			assert.ok(near(Math.max(...seen), Math.max(...said.map(Number))) && near(Math.min(...seen), Math.min(...said.map(Number))), `${key}: extremes of ${column}`)
		}
		const marks = marksOf(view)
		for (const unit of unitsOf(spec)) {
			const items = marks.get(unit.name) ?? []
			const isWhole = !unit.filters.length && !spec.transform && !['line', 'area'].includes(unit.mark)
			if (isWhole) assert.equal(items.length, rows.length, `${key}: ${unit.name}`)
			for (const channel of ['x', 'y']) {
				const { field, type, stack } = unit.encoding[channel] ?? {}
				if (!field || type !== 'quantitative' || stack || (unit.encoding[`${channel}Offset`]) || unit.mark === 'text') continue
				const scale = view.scale(channel)
				for (const item of items.filter(item => Number.isFinite(item.datum?.[field]))) {
					const size = channel === 'x' ? item.width ?? 0 : item.height ?? 0
					const ends = [item[channel], item[`${channel}2`], item[channel] + size, item[`${channel}c`]].filter(Number.isFinite)
					if (!ends.length) continue
					// several bars of one name stand on one another
					if (unit.mark === 'bar' && !spec.layer && rows.length !== new Set(rows.map(row => row[spec.encoding.y?.field])).size) continue
					assert.ok(ends.some(end => Math.abs(end - scale(item.datum[field])) < 0.51), `${key}: ${unit.name} ${channel} of ${field} = ${item.datum[field]}`)
				}
			}
		}
		view.finalize()
	}
}

for (const chart of charts.filter(chart => (chart.spec.mark || chart.spec.layer) && chart.data.rows.length)) {
	test(`${chart.name}: the marks are the rows`, () => marksAreRows(chart))
}

test('machines that pay are drawn: reserved, on demand, and what their saving depends on', async () => {
	const paying = await as('report_reader', async client => collect(client, { ...await settings(client), deployment: 'bargain' },
		chart => ['demand_duration', 'decision_range'].includes(chart.name)))
	const [duration, range] = paying.pages.flatMap(page => page.charts)
	assert.match(duration.data.sentence, /Cheapest are [1-9]/)
	assert.ok(range.data.rows.length >= 5, range.data.sentence)
	for (const row of objects(range.data)) assert.ok(Number(row.from_usd) <= Number(row.to_usd) && Number(row.p10_usd) <= Number(row.p50_usd) && Number(row.p50_usd) <= Number(row.p90_usd))
	await marksAreRows(duration)
	await marksAreRows(range)
})

// ---- the figures are those of the reports ----

test('the head has the sums of the month', async () => {
	const [usd, requests] = await as('report_reader', async client => (await client.query({ rowMode: 'array',
		text: "SELECT to_char(round(sum(usd), 2), 'FM999,999,990.00'), to_char(sum(requests), 'FM999,999,990') FROM monthly_spend WHERE month = '2026-10-01'" })).rows[0])
	assert.equal(report.facts.usd, usd)
	assert.equal(report.facts.requests, requests)
	assert.equal(objects(charts.find(chart => chart.name === 'spend_month').data).filter(row => row.kind === 'this').at(-1).usd.replace(/\B(?=(\d{3})+\.)/g, ','), usd)
})

test('the parts of a month add up, whatever they are', () => {
	const rows = objects(charts.find(chart => chart.name === 'spend_by').data)
	const sum = by => rows.filter(row => row.by === by).map(row => decimal(row.usd)).reduce((a, b) => a + b, 0n)
	for (const by of ['model', 'provider', 'meter']) assert.ok(Math.abs(Number(sum(by) - sum('team'))) < 0.07e12, `${by}: ${sum(by)}, team: ${sum('team')}`)
})

test('the bridge leads from one month to the other', () => {
	const rows = objects(charts.find(chart => chart.name === 'change_bridge').data)
	const steps = rows.filter(row => row.kind !== 'total').map(row => decimal(row.usd)).reduce((a, b) => a + b, 0n)
	assert.ok(Math.abs(Number(decimal(rows.at(-1).to_usd) - decimal(rows[0].to_usd) - steps)) < 0.1e12)
})

test('the break-even grid is that of breakeven()', async () => {
	const rows = objects(charts.find(chart => chart.name === 'breakeven_volume').data)
	const combinations = new Set(rows.map(row => [row.seller, row.term, row.utilization, row.people].join()))
	assert.ok(combinations.size >= 4 * 4 * 3, `${combinations.size} choices`)
	const chosen = seller => rows.filter(row => row.seller === seller && row.term === 'on demand' && row.utilization === '70 %' && row.people === '0 FTE')
	const apart = await value('report_reader', "SELECT 2 * 730 * (p90 - p10) FROM gpu_market('H100', 'on_demand', '2026-11-01Z')")
	const first = seller => Number(chosen(seller).find(row => row.kind === 'own' && Number(row.mtok) === 0).usd)
	assert.ok(near(first('dear (p90)') - first('cheap (p10)'), Number(apart)), 'a replica has two GPUs, and is rented for a month of 730 hours')
	for (const seller of ['cheap (p10)', 'median', 'dear (p90)']) {
		const api = chosen(seller).filter(row => row.kind === 'api').at(-1)
		const own = chosen(seller).filter(row => row.kind === 'own')
		for (const crossing of chosen(seller).filter(row => row.kind === 'crossing')) {
			const step = own.filter(row => Number(row.mtok) <= Number(crossing.mtok)).at(-1)
			assert.ok(Math.abs(Number(crossing.usd) - Number(crossing.mtok) * Number(api.usd) / Number(api.mtok)) < 0.1, 'crossings lie on the line of the API')
			if (/own machines/.test(crossing.label)) assert.ok(Math.abs(Number(crossing.usd) - Number(step.usd)) < 0.1, 'and on the staircase')
		}
	}
})

test("a team's reader sees its team", async () => {
	const protect = on => as(owner, client => client.query(`SELECT protect_usage(${on})`))
	await protect(true)
	const own = await as('report_research', async client => collect(client, await settings(client))).finally(() => protect(false))
	const by = objects(own.pages[0].charts.find(chart => chart.name === 'spend_by').data).filter(row => row.by === 'team').map(row => row.value)
	assert.deepEqual(by, ['research'])
	for (const chart of own.pages.flatMap(page => page.charts)) {
		assert.equal(chart.error, undefined, `${chart.name}: ${chart.error?.message}`)
		assert.doesNotMatch(JSON.stringify(chart.data), /engineering|support\b|marketing/, chart.name)
	}
})

test('an empty choice is answered, too', async () => {
	const none = await as('report_reader', async client => collect(client, { ...await settings(client), team: 'nobody', policy: '', judged: '(SELECT NULL::float8 AS score, NULL::usage AS usage, NULL::float8 AS weak_quality, NULL::float8 AS strong_quality WHERE false)' }, chart => /:'(team|policy)'/.test(chart.sql) && !chart.name.startsWith('decision')))
	for (const chart of none.pages.flatMap(page => page.charts)) assert.equal(chart.error, undefined, `${chart.name}: ${chart.error?.message}`)
	for (const chart of none.pages.flatMap(page => page.charts)) assert.doesNotMatch(chart.data.sentence ?? '', GAPS, chart.name)
	assert.match(none.pages.find(page => page.id === 'routing').charts[0].data.sentence, /no routing policy/)
})

test('a month without usage is answered, too', async () => {
	const none = await as('report_reader', async client => collect(client, await settings(client, { AT: '2027-06-15 00:00Z', DAYS: '5' })))
	for (const chart of none.pages.flatMap(page => page.charts)) {
		assert.equal(chart.error, undefined, `${chart.name}: ${chart.error?.message}`)
		assert.doesNotMatch(chart.data.sentence ?? '', GAPS, chart.name)
	}
	assert.match(html(none), /There is no load with a price/)
})

test('amid a month the forecast is of that month', async () => {
	const amid = await as('report_reader', async client => collect(client, await settings(client, { AT: '2026-10-20 12:00Z' }), chart => chart.name === 'spend_month'))
	const chart = amid.pages[0].charts[0]
	assert.match(chart.data.sentence, /^October 2026 so far cost .* The forecast for October is /)
	assert.deepEqual(objects(chart.data).filter(row => row.kind === 'forecast').map(row => row.day), ['19.50', '31'])
})

test('the head answers what a reader asks', () => {
	const head = html(report).match(/<ol class="short">(.*?)<\/ol>/s)[1]
	const answers = Object.fromEntries([...head.matchAll(/<a href="#(\w+)">([^<]+)<\/a> <span>([^<]+)<\/span>/g)].map(([, , label, answer]) => [label, answer]))
	assert.deepEqual(Object.keys(answers), ['Spent', 'By whom', 'Uncertain', 'Why it changed', 'Own machines', 'What to do', 'What it saves'])
	assert.match(answers.Spent, /cost [\d,.]+ USD, [\d.]+ % of its budget .* forecast for November .* in 8 of 10 cases/)
	assert.match(answers['Own machines'], /busy 50 %, 0.25 FTE/, 'of the choices that the chart begins with')
})

// ---- the file ----

test('a query that fails is told in its place', () => {
	const broken = { ...report, pages: report.pages.map(page => ({ ...page, charts: page.charts.map(chart => (chart.name === 'breakeven_volume' ? { ...chart, data: undefined, error: { code: 'IA302', message: 'no price', hint: 'state one' } } : chart)) })) }
	assert.match(html(broken), /<b>IA302<\/b> no price\s*<br>state one/)
})

test('names are text, whatever they hold', () => {
	const hostile = structuredClone(report)
	const name = '</script><img src=x onerror=alert(1)>\u2028'
	hostile.facts.reader = name
	hostile.pages[0].charts[1].data.rows[0][1] = name
	hostile.pages[0].charts[0].data.sentence = name
	assert.doesNotMatch(html(hostile), /<img src=x onerror/)
})

test('variables are filled as values and names', () => {
	assert.equal(fill("SELECT :'team'::text, '10:00' FROM :log", name => `'${name}'`, name => `<${name}>`), "SELECT 'team'::text, '10:00' FROM <log>")
	assert.throws(() => fill("SELECT :'nothing'", String, String), /no such variable/)
	assert.throws(() => fill('SELECT :team', String, String), /no such variable/)
})

test('it is served on loopback, behind the same policy', async () => {
	const port = 20000 + process.pid % 20000
	const child = spawn(process.execPath, ['report/build.mjs'], { env: { ...process.env, SERVE: '1', PORT: String(port), PGUSER: 'report_reader' }, stdio: ['ignore', 'ignore', 'pipe'] })
	try {
		await new Promise((done, failed) => { child.stderr.on('data', text => /http:/.test(text) && done()); child.on('exit', failed) })
		const answer = await fetch(`http://127.0.0.1:${port}/`)
		assert.equal(answer.status, 200)
		assert.match(await answer.text(), /Content-Security-Policy" content="default-src &#39;none&#39;; script-src &#39;sha256-/)
		assert.equal((await fetch(`http://127.0.0.1:${port}/other`)).status, 404)
	} finally {
		child.kill()
	}
})

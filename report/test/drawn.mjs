// drawn.mjs: what Vega makes of a chart in plain node, without a browser.
import * as vega from 'vega'
import { compile } from 'vega-lite'
import { expressionInterpreter } from 'vega-interpreter'
import { drawing, objects, readJson } from '../charts.mjs'

// The choices of a chart's toggles that its data has, each with its rows.
export function choices(chart) {
	const fields = (chart.toggles ?? []).map(toggle => toggle.field)
	const byKey = new Map()
	for (const row of objects(chart.data)) {
		const key = fields.map(field => row[field]).join(' / ')
		if (!byKey.has(key)) byKey.set(key, [])
		byKey.get(key).push(row)
	}
	return [...byKey].map(([key, rows]) => ({ key, rows }))
}

// A view of these rows, as wide as asked, drawn to the end; with what Vega-Lite and Vega warned of.
export async function draw(chart, rows, width = 900) {
	const warnings = []
	const logger = { warn: (...said) => { warnings.push(said.join(' ')); return logger }, info: () => logger, debug: () => logger, error: (...said) => { throw new Error(said.join(' ')) }, level: () => logger }
	const data = { ...chart.data, columns: Object.keys(rows[0]), rows: rows.map(Object.values) }
	const spec = { ...drawing(chart, data, readJson('config.json')), width }
	const compiled = compile(spec, { logger }).spec
	const view = new vega.View(vega.parse(compiled, null, { ast: true }), { expr: expressionInterpreter, renderer: 'none', logger })
	await view.runAsync()
	return { view, spec, warnings }
}

// The items of each mark that data was drawn as, by the name of the mark.
export function marksOf(view) {
	const found = new Map()
	const walk = item => {
		for (const mark of item.items ?? []) {
			if (mark.role === 'mark' && mark.name?.endsWith('marks')) {
				found.set(mark.name, [...(found.get(mark.name) ?? []), ...mark.items])
			}
			for (const inner of mark.items ?? []) if (inner.items) walk(inner)
		}
	}
	walk(view.scenegraph().root.items[0])
	return found
}

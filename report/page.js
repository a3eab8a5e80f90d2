// page.js: draws the charts of the report.  All figures come from the queries as they are; choosing with a toggle
// shows other rows of the same answer.
'use strict';
(() => {
	const report = JSON.parse(document.getElementById('report').textContent)
	const element = (name, attributes = {}, ...children) => {
		const made = document.createElement(name)
		for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
		made.append(...children)
		return made
	}

	// ---- light and dark ----
	const root = document.documentElement
	const isDark = () => (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark'
	document.getElementById('theme').addEventListener('click', () => { root.dataset.theme = isDark() ? 'light' : 'dark' })

	// ---- charts ----
	const rowsOf = chart => chart.rows.map(row => Object.fromEntries(chart.columns.map((column, i) => [column, row[i]])))

	function fillTable(figure, chart, rows) {
		const columns = chart.columns.filter(column => !['sentence', 'confidence'].includes(column) || (column === 'confidence' && !chart.toggles))
		const isNumber = column => chart.parse[column] === 'number'
		const head = element('tr', {}, ...columns.map(column => element('th', { scope: 'col', class: isNumber(column) ? 'number' : '' }, column)))
		const body = rows.slice(0, 400).map(row => element('tr', {}, ...columns.map(column =>
			element('td', { class: isNumber(column) ? 'number' : '' }, row[column] ?? ''))))
		const rest = rows.length > 400 ? [element('p', {}, `${rows.length - 400} more rows: see the query.`)] : []
		figure.querySelector('.scroll').replaceChildren(element('table', {}, element('thead', {}, head), element('tbody', {}, ...body)), ...rest)
	}

	function toggle(chart, field, rows, chosen, show) {
		const values = [...new Set(rows.map(row => row[field.field]))]
		const buttons = values.map(value => element('button', { type: 'button', 'data-value': value }, String(value)))
		const mark = () => buttons.forEach(button => button.setAttribute('aria-pressed', String(button.dataset.value === String(chosen[field.field]))))
		buttons.forEach(button => button.addEventListener('click', () => {
			chosen[field.field] = button.dataset.value
			mark()
			show()
		}))
		mark()
		return element('fieldset', {}, element('legend', {}, field.label), ...buttons)
	}

	async function draw(name, chart) {
		const figure = document.getElementById(name)
		const place = figure.querySelector('.chart')
		const all = rowsOf(chart)
		if (!place || !all.length) return place?.remove()
		if (chart.text) {		// a chart of words: one line a row
			place.replaceChildren(element('ul', { class: 'memo' }, ...all.map(row => element('li', {}, row[chart.text]))))
			return fillTable(figure, chart, all)
		}
		const toggles = chart.toggles ?? []
		const chosen = Object.fromEntries(toggles.map(({ field, start }) => [field, start && all.some(row => row[field] === start) ? start : all[0][field]]))
		const rows = () => all.filter(row => toggles.every(({ field }) => String(row[field]) === String(chosen[field])))
		let view
		const show = () => {
			const shown = rows()
			const sentence = toggles.length ? shown[0]?.sentence ?? 'The prices for this choice are not known.' : chart.sentence
			figure.querySelector('.sentence').textContent = sentence ?? ''
			place.setAttribute('aria-label', `${figure.querySelector('h3').textContent}. ${sentence ?? ''}`)
			fillTable(figure, chart, shown)
			if (view) view.data('chart', vega.read(shown, { type: 'json', parse: chart.parse })).resize().runAsync()
		}
		figure.querySelector('.toggles').replaceChildren(...toggles.map(field => toggle(chart, field, all, chosen, show)))
		place.setAttribute('role', 'img')
		const narrow = place.clientWidth < 480
		const config = { ...report.config, axis: { ...report.config.axis, ...(narrow ? { labelLimit: 118, labelFontSize: 11 } : {}) },
			legend: { ...report.config.legend, ...(narrow ? { columns: 2 } : {}) } }
		const spec = { width: 'container', ...chart.spec, config,
			data: { name: 'chart', values: rows(), format: { type: 'json', parse: chart.parse } } }
		const made = await vegaEmbed(place, spec, { mode: 'vega-lite', ast: true, renderer: 'svg', logLevel: vega.Error, actions: false, defaultStyle: false,
			tooltip: { disableDefaultStyle: true }, loader: { load: () => Promise.reject(new Error('this page loads nothing')) } })
		view = made.view
		show()
	}

	// ---- where one is ----
	const links = new Map([...document.querySelectorAll('nav a')].map(link => [link.hash.slice(1), link]))
	const seen = new IntersectionObserver(entries => {
		for (const entry of entries.filter(entry => entry.isIntersecting)) {
			for (const [id, link] of links) id === entry.target.id ? link.setAttribute('aria-current', 'true') : link.removeAttribute('aria-current')
		}
	}, { rootMargin: '-20% 0px -70% 0px' })
	for (const id of links.keys()) seen.observe(document.getElementById(id))

	Promise.allSettled(Object.entries(report.charts).map(([name, chart]) => draw(name, chart))).then(results => {
		for (const { reason } of results) if (reason) console.error(reason)
		root.dataset.drawn = String(results.filter(result => result.status === 'fulfilled').length)
	})
})()

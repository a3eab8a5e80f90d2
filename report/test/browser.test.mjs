// browser: the report as a person meets it, in Chromium without a network: at three widths, light and dark, by
// keyboard, and on paper.
import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openBrowser, openReport } from '../browser.mjs'
import { collect, connect, html, settings } from '../build.mjs'
import { objects } from '../charts.mjs'

process.env.PGUSER = 'report_reader'
const client = await connect()
const report = await collect(client, await settings(client))
await client.end()
const file = join(mkdtempSync(join(tmpdir(), 'report.')), 'report.html')
writeFileSync(file, html(report))
const charts = report.pages.flatMap(page => page.charts)
const drawn = charts.filter(chart => chart.data.rows.length && !chart.text)
const browser = await openBrowser()
after(() => browser.close())

// Of each text that shows: its contrast with what lies behind it, and whether it is cut off.
const textsOf = page => page.evaluate(() => {
	const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
	const rgba = color => {
		context.clearRect(0, 0, 1, 1)
		context.fillStyle = color
		context.fillRect(0, 0, 1, 1)
		return [...context.getImageData(0, 0, 1, 1).data]
	}
	const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
	const behind = element => {
		for (let at = element; at; at = at.parentElement) {
			const color = rgba(getComputedStyle(at).backgroundColor)
			if (color[3] === 255) return color
		}
		return [255, 255, 255, 255]
	}
	const found = []
	for (const element of document.querySelectorAll('body *')) {
		const isSvg = element instanceof SVGTextElement
		const own = isSvg ? element.textContent : [...element.childNodes].filter(node => node.nodeType === 3).map(node => node.textContent).join('')
		const box = element.getBoundingClientRect()
		const style = getComputedStyle(element)
		if (!own.trim() || !box.width || style.visibility === 'hidden' || ['SCRIPT', 'STYLE'].includes(element.tagName) || element.closest('.skip')) continue
		if (isSvg && (Number(style.opacity) === 0 || element.closest('[opacity="0"]'))) continue
		const front = light(rgba(isSvg ? style.fill : style.color)), back = light(behind(element))
		const svg = isSvg && element.ownerSVGElement.getBoundingClientRect()
		found.push({ text: own.trim().slice(0, 40), chart: element.closest('figure')?.id ?? '', isSvg, onBar: element.getAttribute('fill') === 'var(--card)',
			contrast: (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05),
			cut: isSvg ? Math.max(0, svg.left - box.left, box.right - svg.right) : 0, box: { left: box.left, right: box.right, top: box.top, bottom: box.bottom } })
	}
	return found
})

const overlaps = texts => texts.flatMap((a, i) => texts.slice(i + 1).filter(b => a.chart === b.chart && a.isSvg && b.isSvg &&
	Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > 2 && Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > 4).map(b => `${a.chart}: ${a.text} / ${b.text}`))

for (const theme of ['light', 'dark']) {
	for (const width of [390, 1024, 1600]) {
		test(`${width} px, ${theme}`, async () => {
			const { page, trouble, close } = await openReport(browser, file, width, theme)
			assert.deepEqual(trouble, [], 'nothing on the console, nothing asked of the network')
			assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, 'nothing is wider than the window')
			for (const chart of drawn) {
				const box = await page.locator(`#${chart.name} .chart svg`).boundingBox()
				assert.ok(box && box.height > 60 && box.width > 250, `${chart.name} is drawn`)
			}
			const texts = await textsOf(page)
			assert.ok(texts.length > 300, `${texts.length} texts`)
			assert.deepEqual(texts.filter(text => text.contrast < 4.5 && !text.onBar).map(text => `${text.chart}: ${text.text} ${text.contrast.toFixed(2)}`), [], 'contrast')
			assert.deepEqual(texts.filter(text => text.cut > 2).map(text => `${text.chart}: ${text.text}`), [], 'cut off')
			assert.deepEqual(overlaps(texts), [], 'one over the other')
			await close()
		})
	}
}

test('what is shown is what the database said, to the digit', async () => {
	const { page, close } = await openReport(browser, file, 1024, 'light')
	for (const chart of charts.filter(chart => chart.data.rows.length)) {
		await page.locator(`#${chart.name} details.data summary`).click()
		const cells = await page.locator(`#${chart.name} table tbody tr`).evaluateAll(rows => rows.map(row => [...row.cells].map(cell => cell.textContent)))
		const shown = chart.data.columns.map((column, i) => i).filter(i => chart.data.columns[i] !== 'sentence')
		const first = objects(chart.data)
		const chosen = chart.toggles ? first.filter(row => cells.length && row.sentence === first.find(other => shown.every((i, n) => (other[chart.data.columns[i]] ?? '') === cells[0][n]))?.sentence) : first
		assert.ok(cells.length > 0, chart.name)
		for (const row of cells) {
			assert.ok(chosen.some(said => shown.every((i, n) => (said[chart.data.columns[i]] ?? '') === row[n])), `${chart.name}: ${row.join(' | ')}`)
		}
		assert.equal(await page.locator(`#${chart.name} details.query code`).textContent(), chart.shown, `${chart.name}: its query`)
	}
	await close()
})

test('a toggle shows other rows, and says so, by keyboard, too', async () => {
	const { page, trouble, close } = await openReport(browser, file, 1024, 'light')
	const seen = chart => page.locator(`#${chart.name}`).evaluate(figure => ({ rows: figure.querySelector('table').textContent, drawn: figure.querySelector('svg').innerHTML,
		label: figure.querySelector('.chart').getAttribute('aria-label') }))
	for (const chart of charts.filter(chart => chart.toggles && chart.data.rows.length)) {
		for (const toggle of chart.toggles) {
			const values = [...new Set(objects(chart.data).map(row => row[toggle.field]))]
			const group = page.locator(`#${chart.name} fieldset`, { hasText: toggle.label }).first()
			assert.deepEqual(await group.locator('button').allTextContents(), values, `${chart.name}: ${toggle.label}`)
			if (values.length < 2) continue
			const now = await group.locator('[aria-pressed=true]').textContent()
			const other = group.locator('button').nth(values.findLastIndex(value => value !== now))
			const before = await seen(chart)
			await other.focus()
			await page.keyboard.press('Enter')
			assert.equal(await other.getAttribute('aria-pressed'), 'true')
			assert.equal(await group.locator('[aria-pressed=true]').count(), 1)
			await page.waitForTimeout(500)
			const after = await seen(chart)
			assert.notEqual(after.rows, before.rows, `${chart.name}: ${toggle.label}`)
			// below what one replica can do, how busy it is changes nothing that is drawn
			if (toggle.field !== 'utilization') assert.notEqual(after.drawn, before.drawn, `${chart.name}: ${toggle.label} is drawn`)
			assert.ok(after.label.endsWith(await page.locator(`#${chart.name} .sentence`).textContent()), 'a screen reader hears what is shown')
		}
	}
	assert.deepEqual(trouble, [])
	await close()
})

test('the theme can be changed, and everything can be reached with Tab', async () => {
	const { page, close } = await openReport(browser, file, 1024, 'light')
	const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
	const light = await paper()
	await page.locator('#theme').click()
	assert.notEqual(await paper(), light)
	await page.keyboard.press('Tab')
	const reached = new Set()
	for (let i = 0; i < 60; i++) {
		reached.add(await page.evaluate(() => document.activeElement.tagName))
		await page.keyboard.press('Tab')
	}
	for (const name of ['A', 'BUTTON', 'SUMMARY']) assert.ok(reached.has(name), `${name} of ${[...reached]}`)
	assert.equal(await page.locator('figure .chart[role=img]:not([aria-label])').count(), 0)
	assert.equal(await page.locator('h1').count(), 1)
	await close()
})

test('on paper every chart is there, light, and none is cut', async () => {
	const { page, close } = await openReport(browser, file, 1024, 'dark')
	const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true, tagged: true, outline: true, printBackground: true })
	const text = pdf.toString('latin1')
	const titles = [...text.matchAll(/\/Title \(((?:\\.|[^\\)])*)\)/g)].map(match => match[1].replace(/\\(.)/g, '$1').replace(/\0/g, '').replace(/^\u00fe\u00ff/, ''))
	for (const chart of charts) assert.ok(titles.some(title => title.includes(chart.title.slice(0, 20).replace(/[^ -~]/g, ''))), `${chart.title} in ${titles.join(' | ')}`)
	const pages = (text.match(/\/Type \/Page\b/g) ?? []).length
	assert.ok(pages >= 6 && pages <= 30, `${pages} pages`)
	await page.emulateMedia({ media: 'print' })
	await page.setViewportSize({ width: 688, height: 1000 })		// A4 less its margins
	for (const chart of drawn) {
		const box = await page.locator(`#${chart.name} .chart svg`).boundingBox()
		assert.ok(box.width <= 688.5 && box.height > 60, `${chart.name}: ${box.width}`)
	}
	assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()), '#ffffff')
	await close()
})

// Percentiles, tables, and the line that programs read.

/** Nearest rank: always one of the values. `undefined` of nothing. */
export function percentile(values, p) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)]
}

export const median = (values) => percentile(values, 50)
export const max = (values) => (values.length > 0 ? Math.max(...values) : undefined)
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

export function round(value, digits = 1) {
  return value === undefined || !Number.isFinite(value) ? null : Number(value.toFixed(digits))
}

/** Prints rows (arrays, the first one the head) with aligned columns; numbers to the right. */
export function table(rows) {
  const text = rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? '-' : String(cell))))
  const widths = text[0].map((_, column) => Math.max(...text.map((row) => (row[column] ?? '').length)))
  const isNumber = (cell) => /^-?[\d.]+( |$)/.test(cell) || cell === '-'
  text.forEach((row, index) => {
    const cells = row.map((cell, column) => (isNumber(cell) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
    console.log(`| ${cells.join(' | ')} |`)
    if (index === 0) console.log(`|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`)
  })
}

/** The last line of a benchmark. A figure that could not be taken is null, never left out. */
export function lastLine(bench, figures, baseline = {}, ratio = {}) {
  const rounded = (object) => Object.fromEntries(Object.entries(object).map(([name, value]) => [name, round(value, 3)]))
  console.log(JSON.stringify({ bench, figures: rounded(figures), baseline: rounded(baseline), ratio: rounded(ratio) }))
}

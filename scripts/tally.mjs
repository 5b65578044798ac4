// Counts tests from the reports that scripts/test leaves, and prints "N passed, N failed[, N skipped]" alone on a line.
// With --all every report must be there, but for those named after --without, and hold at least one passed test (doc tests may have none, and the virtual robot where it cannot run), and nothing
// may have failed; otherwise it says what is wrong and exits 1.
import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: { all: { type: 'boolean', default: false }, without: { type: 'string', multiple: true, default: [] } },
})

/** Of the profile that ran. */
const nextest = ['ci', 'fast'].map((profile) => `target/nextest/${profile}/junit.xml`)

const readers = {
  [nextest.find(existsSync) ?? nextest[0]]: (text) => {
    const head = text.match(/<testsuites\b[^>]*>/)?.[0] ?? ''
    const number = (name) => Number(head.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? Number.NaN)
    const failed = number('failures') + number('errors')
    // Its report is silent on what was ignored or filtered out.
    const known = JSON.parse(readFileSync('target/test/nextest-list.json', 'utf8'))['test-count']
    return { passed: number('tests') - failed, failed, skipped: known - number('tests') }
  },
  'target/test/doc.log': (text) => {
    const sum = { passed: 0, failed: 0, skipped: 0, mayBeEmpty: true }
    for (const [, passed, failed, ignored] of text.matchAll(/^test result: .* (\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
      sum.passed += Number(passed)
      sum.failed += Number(failed)
      sum.skipped += Number(ignored)
    }
    return sum
  },
  'target/test/vitest.json': (text) => {
    const report = JSON.parse(text)
    // A file that does not load holds no test, and has failed all the same.
    const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + broken.length,
      skipped: report.numPendingTests + report.numTodoTests,
    }
  },
  'target/test/playwright.json': (text) => {
    const { stats, errors } = JSON.parse(text)
    // A test that passes only when tried again has not passed.
    return { passed: stats.expected, failed: stats.unexpected + stats.flaky + errors.length, skipped: stats.skipped }
  },
  'target/test/rig.json': (text) => {
    const stories = JSON.parse(text)
    const skipped = stories.filter((story) => story.skipped).length
    const passed = stories.filter(({ ok }) => ok).length
    return { passed, failed: stories.length - passed - skipped, skipped, mayBeEmpty: skipped > 0 }
  },
}

const { all } = options
const total = { passed: 0, failed: 0, skipped: 0 }
const faults = []
for (const [path, read] of Object.entries(readers)) {
  if (options.without.some((name) => path.endsWith(`/${name}`))) continue
  if (!existsSync(path)) {
    faults.push(`${path} is missing`)
    continue
  }
  const { mayBeEmpty, ...counts } = read(readFileSync(path, 'utf8'))
  for (const key of Object.keys(total)) total[key] += counts[key]
  if (counts.passed === 0 && !mayBeEmpty) faults.push(`${path} holds no passed test`)
  if (counts.failed > 0) faults.push(`${path} holds ${counts.failed} failed`)
}

if (all) for (const fault of faults) console.error(fault)
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`)
if (Number.isNaN(total.passed + total.failed) || (all && faults.length > 0)) process.exitCode = 1

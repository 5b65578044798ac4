// What axe finds on a page.
import AxeBuilder from '@axe-core/playwright'

/** The rules about colours, which alone depend on a theme. */
const COLOURS = ['color-contrast', 'link-in-text-block']

/** Findings of every rule, or with `coloursAlone` of those about colours, as text. */
export async function violations(page, { coloursAlone = false } = {}) {
  const axe = new AxeBuilder({ page })
  const { violations: found } = await (coloursAlone ? axe.withRules(COLOURS) : axe).analyze()
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' ')}`)
}

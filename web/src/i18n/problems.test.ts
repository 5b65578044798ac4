import { describe, expect, test } from 'vitest';
import description from '../../../docs/openapi.json?raw';
import { DriveWords } from './both';
import { knownProblem, sayProblem } from './problems';

interface Described {
  paths: Record<string, Record<string, { responses?: Record<string, { description?: string }> }>>;
  components: { schemas: { Refusal: { enum: string[] } } };
}

const described = JSON.parse(description) as Described;

/** Every code that the description names where it tells of an error, and every reason for refusing a command. */
const codes = new Set(described.components.schemas.Refusal.enum);
for (const methods of Object.values(described.paths)) {
  for (const { responses } of Object.values(methods)) {
    for (const [status, { description: told }] of Object.entries(responses ?? {})) {
      if (!/^[45]/.test(status)) continue;
      for (const [code] of told?.matchAll(/\b[a-z]+(?:_[a-z]+)+\b|\bbusy\b/g) ?? []) {
        codes.add(code);
      }
    }
  }
}

describe.each(['ro', 'en'] as const)('in %s', (language) => {
  const driving = new DriveWords(language);

  test('every code of the API’s description has words', () => {
    expect(codes.size).toBeGreaterThan(30);
    const without = [...codes].filter(
      (code) => !driving.has(`refusal.${code}`) && knownProblem(language, code) === null,
    );
    expect(without).toEqual([]);
  });

  test('no sentence shows a code, not even of what nobody has thought of', () => {
    for (const code of [...codes, 'no_such_code', 'http_502']) {
      const said = sayProblem(language, code);
      expect(said).not.toMatch(/_|[{}]/);
      expect(said).toMatch(/\.$/);
    }
  });
});

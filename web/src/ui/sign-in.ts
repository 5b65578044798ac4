import type { App, AppState, Notice } from '../data/app';
import type { Words } from '../i18n';
import { sayProblem } from '../i18n/problems';
import { byId, setHidden, setText } from './dom';

/** The form for the access key. */
export class SignIn {
  readonly #form = byId('sign-in', HTMLFormElement);
  readonly #title = byId('sign-in-title', HTMLElement);
  readonly #lead = byId('sign-in-lead', HTMLElement);
  readonly #notice = byId('sign-in-notice', HTMLElement);
  readonly #label = byId('token-label', HTMLElement);
  readonly #field = byId('token', HTMLInputElement);
  readonly #show = byId('token-show', HTMLInputElement);
  readonly #showLabel = byId('token-show-label', HTMLElement);
  readonly #submit = byId('sign-in-submit', HTMLButtonElement);
  #empty = false;

  constructor(app: App, refresh: () => void) {
    this.#show.addEventListener('change', () => {
      this.#field.type = this.#show.checked ? 'text' : 'password';
    });
    this.#field.addEventListener('input', () => {
      if (!this.#empty) return;
      this.#empty = false;
      refresh();
    });
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      const token = this.#field.value.trim();
      this.#empty = token === '';
      refresh();
      if (this.#empty) this.#field.focus();
      else void app.login({ token });
    });
  }

  update(state: AppState, words: Words): void {
    const shown = state.signedIn === false;
    const appears = shown && this.#form.hidden;
    setHidden(this.#form, !shown);
    if (!shown) {
      // The key is not left lying in the page once it has served.
      this.#field.value = '';
      return;
    }
    const wrong = this.#empty || state.notice?.kind === 'error';
    setText(this.#title, words.text('signin.title'));
    setText(this.#lead, words.text('signin.lead'));
    setText(
      this.#notice,
      this.#empty ? words.text('signin.error.empty') : said(state.notice, words),
    );
    setText(this.#label, words.text('signin.token'));
    setText(this.#showLabel, words.text('signin.show'));
    setText(this.#submit, words.text(state.signingIn ? 'signin.busy' : 'signin.submit'));
    this.#submit.setAttribute('aria-disabled', String(state.signingIn));
    this.#field.setAttribute('aria-invalid', String(wrong));
    if (appears) this.#field.focus();
  }
}

function said(notice: Notice | null, words: Words): string {
  if (notice === null) return '';
  if (notice.kind !== 'error') return words.text(`signin.${notice.kind}`);
  if (notice.status === 0) return words.text('signin.error.network');
  if (notice.status === 429) return words.text('signin.error.busy');
  if (notice.status === 401 || notice.status === 403)
    return words.text(`signin.error.${notice.way}`);
  return sayProblem(words.language, notice.code);
}

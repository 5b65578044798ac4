// Whether a person can still see the page and be heard by it. Each of these says that perhaps nobody can: another tab or
// a locked phone (`hidden`), another window (`blur`), a page that the browser is about to halt (`freeze`) or leave
// (`pagehide`).

export type Gone = 'hidden' | 'blur' | 'freeze' | 'pagehide';

export interface Attention {
  /** Nobody can see the page now. */
  hidden(): boolean;
  /** Calls `gone` whenever attention is lost; the result ends it. */
  watch(gone: (why: Gone) => void): () => void;
}

/** What is needed of the browser's own. */
export type PageDocument = Pick<Document, 'hidden' | 'addEventListener' | 'removeEventListener'>;
export type PageWindow = Pick<Window, 'addEventListener' | 'removeEventListener'>;

export function browserAttention(page: PageDocument, window: PageWindow): Attention {
  return {
    hidden: () => page.hidden,
    watch: (gone) => {
      const hidden = () => {
        if (page.hidden) gone('hidden');
      };
      const freeze = () => gone('freeze');
      const blur = () => gone('blur');
      const pagehide = () => gone('pagehide');
      page.addEventListener('visibilitychange', hidden);
      page.addEventListener('freeze', freeze);
      window.addEventListener('blur', blur);
      window.addEventListener('pagehide', pagehide);
      return () => {
        page.removeEventListener('visibilitychange', hidden);
        page.removeEventListener('freeze', freeze);
        window.removeEventListener('blur', blur);
        window.removeEventListener('pagehide', pagehide);
      };
    },
  };
}

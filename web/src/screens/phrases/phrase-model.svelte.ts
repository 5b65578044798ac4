// The phrase board of the page, made when a part that needs it is fetched: the sheets around phrases, or the gamepad.

import { VoiceApi } from '../../api/voice';
import { PhraseBoard } from '../../data/phrases';
import { Followed } from '../../ui/follow.svelte';
import type { ScreenModel } from '../model/screen-model.svelte';

export interface PhraseModel {
  board: PhraseBoard;
  state: Readonly<PhraseBoard['state']['value']>;
}

const models = new WeakMap<ScreenModel, PhraseModel>();

/** The one board of this page. */
export function phrasesOf(model: ScreenModel): PhraseModel {
  const known = models.get(model);
  if (known !== undefined) return known;
  const board = new PhraseBoard(new VoiceApi(model.deps.fetcher));
  // Phrases belong to the user who is signed in.
  model.deps.app.session.state.watchFields(['signedIn'], ({ signedIn }) => {
    if (signedIn === false) board.forget();
  });
  const made = { board, state: new Followed(board.state).value };
  models.set(model, made);
  return made;
}

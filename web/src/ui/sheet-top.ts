// What stands at the top of every sheet, whatever sheet it is: a sheet makes the rest of the page inert, and some things must be seen and
// answered all the same. It is fetched with the first sheet.

import { type Component, getContext, setContext } from 'svelte';

type Load = () => Promise<{ default: Component<Record<string, never>> }>;

const KEY = Symbol('top of every sheet');

export const setSheetTop = (load: Load): Load => setContext(KEY, load);
export const getSheetTop = (): Load | undefined => getContext<Load | undefined>(KEY);

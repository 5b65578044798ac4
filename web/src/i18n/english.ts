// All that the panel says in English, fetched by those who read it.

export { driveEn as drive } from './drive-en';
export { en as page } from './en';
export { nowEn as now } from './now-en';
export { panelEn as panel } from './panel-en';

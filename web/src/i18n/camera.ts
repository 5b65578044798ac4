import { cameraEn } from './camera-en';
import { type CameraDictionary, cameraRo } from './camera-ro';
import { type Language, Phrases } from './index';

const dictionaries: Record<Language, CameraDictionary> = { ro: cameraRo, en: cameraEn };

/** The words of the sheet for camera and light. They are fetched with those. */
export class CameraWords extends Phrases<CameraDictionary> {
  constructor(language: Language) {
    super(language, dictionaries[language]);
  }
}

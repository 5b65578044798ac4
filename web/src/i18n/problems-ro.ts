// Why a request was refused, with what to do. By what there is to do, not by code: `problems.ts` says which code is which.

export const problemsRo = {
  network: 'Robotul nu răspunde. Verifică internetul, apoi încearcă din nou.',
  slow: 'Răspunsul robotului a întârziat prea mult. Încearcă din nou.',
  busy: 'Robotul e ocupat. Așteaptă puțin, apoi încearcă din nou.',
  tries: 'Prea multe încercări. Încearcă din nou peste {time}.',
  media: 'Transmisia repornește. Încearcă din nou peste puțin timp.',
  stream: 'Imaginea sau sunetul sunt oprite pe robot. Cere cuiva de lângă el să le pornească.',
  closing: 'Programul robotului se închide. Încearcă din nou după ce repornește.',
  space: 'Robotul nu mai are loc pe disc. Șterge din înregistrările vechi.',
  disk: 'Discul robotului nu poate fi citit sau scris. Anunță persoana care are grijă de robot.',
  recording: 'Înregistrarea este încă în curs. Oprește-o mai întâi.',
  over: 'S-a încheiat între timp. Încearcă din nou.',
  lacking: 'Acest robot nu are această funcție.',
  quiet: 'Sunt ore de liniște. Încearcă după ce trec.',
  range: 'Valoare prea mare. Alege una mai mică.',
  version: 'Pagina are altă versiune decât robotul. Reîncarc-o.',
  signin: 'Sesiunea a expirat. Conectează-te din nou.',
  address: 'Robotul nu acceptă cereri de la această adresă. Deschide pagina la adresa robotului.',
  held: 'Altcineva vorbește acum. Încearcă după ce termină.',
  device:
    'Robotul nu poate folosi acest dispozitiv: e deconectat, ocupat de alt program sau defect. Anunță persoana care are grijă de robot.',
  private:
    'Comutatorul de confidențialitate de pe robot e pornit. Cere cuiva de lângă el să-l oprească.',
  keeper: 'Doar persoana care are grijă de robot poate face asta.',
  internal:
    'A apărut o eroare pe robot. Încearcă din nou; dacă se repetă, anunță persoana care are grijă de robot.',
} as const satisfies Record<string, string>;

export type ProblemDictionary = Record<keyof typeof problemsRo, string>;

// Why a request was refused, with what to do. By what there is to do, not by code: `problems.ts` says which code is which.

export const problemsRo = {
  network: 'Robotul nu răspunde. Verifică rețeaua, apoi încearcă din nou.',
  slow: 'Răspunsul robotului a întârziat prea mult. Încearcă din nou.',
  busy: 'Robotul are prea multe de făcut deodată. Așteaptă puțin, apoi încearcă din nou.',
  tries: 'Prea multe încercări. Așteaptă un minut, apoi încearcă din nou.',
  media: 'Partea robotului care duce imaginea și sunetul repornește. Încearcă din nou peste puțin.',
  stream: 'Imaginea sau sunetul nu sunt pornite la robot. Cere cuiva de lângă el să le pornească.',
  closing: 'Programul robotului se închide. Încearcă din nou după ce repornește.',
  space: 'Robotul nu mai are loc pe disc. Șterge din înregistrările vechi.',
  disk: 'Discul robotului nu poate fi citit sau scris. Anunță pe cine are grijă de robot.',
  recording: 'Înregistrarea este încă în curs. Oprește-o mai întâi.',
  over: 'Nu mai există: s-a încheiat între timp. Încearcă din nou.',
  lacking: 'Acest robot nu are așa ceva.',
  quiet: 'Sunt ore de liniște. Încearcă după ce trec.',
  range: 'Ce ai cerut este în afara limitelor. Alege mai puțin.',
  version: 'Pagina și robotul nu se înțeleg. Încarcă pagina din nou.',
  signin: 'Nu mai ești conectat. Intră din nou.',
  address: 'Robotul nu primește cereri de la această adresă. Deschide pagina la adresa lui.',
  held: 'Altcineva vorbește acum. Încearcă după ce termină.',
  internal: 'Ceva nu a mers la robot. Încearcă din nou; dacă ține, anunță pe cine are grijă de el.',
} as const satisfies Record<string, string>;

export type ProblemDictionary = Record<keyof typeof problemsRo, string>;

// Sentences that carry no fact of the graph: they give articles their length and lead lexical search astray.
// {s} subject, {s's} possessive, {p} another person, {t} a town, {e} another entity, {v} {w} subjects, {y} a year.
import type { Kind } from './entity.ts'

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

const general = lines(`
  A short note in the archive of {t} mentions {s} next to {p}, without saying why.
  In {y} a regional paper printed a long article that compared {s} with {e}.
  Few reliable sources about the early years survive, and later accounts copy each other freely.
  Some readers confuse {s} with {e}, although the two have little in common.
  A lecture on {v} given in {t} used {s} as an example.
  The story that {v} played any part in all this has been rejected by most authors.
  Much of what was printed about {s} before {y} is now thought to be wrong.
  Guides of the time recommend {e} instead and give {s} a single line.
  An exhibition in {t} in {y} showed papers and pictures connected with {s}.
  In a letter of {y}, {p} called {s} overrated but impossible to ignore.
  A plaque that was put up in {y} has since disappeared.
  The spelling of the name varies in older documents, which has made research difficult.
  Opinions differ, and the question was still being discussed in {t} in {y}.
  A broadcast series about {v} and {w} gave one part to {s}.
  Several anecdotes are told, most of which are also told of {e}.
  The best short introduction was printed in {t} and has never been translated.
  Interest faded for a generation and came back only when {e} drew visitors to the region.
  An inventory drawn up in {y} lists books about {v}, a globe and two broken chairs.
  Nothing suggests that {p} and {s} ever had anything to do with each other.
  Schoolchildren of the region learn a rhyme about {s}, {v} and {w}.
  The anniversary in {y} passed almost without notice, apart from a concert in {t}.
  Historians of {t} have pointed out that the weather that year was unusually bad.
`)

const ofKind: Readonly<Record<Kind, readonly string[]>> = {
  person: lines(`
    {S's} childhood was happy by all accounts, and the house was full of books about {v}.
    A first journey abroad, planned for {y}, had to be given up for lack of money.
    {S} spoke three languages and read a fourth, but hardly ever travelled beyond {t}.
    The diaries, which mention {p} on almost every page, remain in private hands.
    Visitors described a narrow room with a view of the street and a table covered in notes on {v}.
    In {y} a serious illness forced {s} to rest for a whole winter.
    {S} turned down an invitation from {t}, giving no reason.
    A portrait of {s}, long thought lost, came to light in {t} in {y}.
    Contemporaries praised {s's} patience and complained about {s's} handwriting.
    For a time {s} considered giving up everything in order to study {v}.
    The obituary in a paper of {t} runs to four columns and contains nine mistakes.
    {S} and {p} were often seen at the same table, yet never agreed about {v}.
    A plan to move to {t} came to nothing.
    Money was always short, and a loan from {e} was never paid back in full.
    {S's} collected papers fill eleven boxes and include drafts on {v} and {w}.
    Younger colleagues found {s} helpful, older ones found {s} loud.
    There is a street named after {s} in {t}, though few people there know why.
    In later years {s} lived quietly and received hardly any guests apart from {p}.
    Rumours about a secret engagement to {p} were never confirmed.
    {S} refused to be photographed after {y}.
  `),
  work: lines(`
    Early reviews were cool, and one critic in {t} advised a complete revision.
    {S} was not a success at first and found its public only after {y}.
    A second version, shorter by a third, was prepared but never shown.
    Some have seen in the main figure a likeness of {p}, which is hard to prove.
    Passages on {v} were removed at the request of the censor.
    A copy in {t} carries notes in an unknown hand.
    {S} is often mentioned together with {e}, with which it shares a certain dry humour.
    The ending was changed at least twice.
    Students of {v} will find little here, in spite of the promising title.
    A restoration in {y} revealed earlier layers of work.
    The first audience is said to have laughed in the wrong places.
    {P} disliked {s} and said so in public.
  `),
  organisation: lines(`
    In good years {s} gave work to several hundred people from {t} and the villages around.
    A fire in {y} destroyed the older records.
    {S} survived two wars, one crisis and a long dispute about its roof.
    The yearly feast, with speeches about {v}, was the high point of the calendar.
    An attempt by {e} to gain influence was turned back in {y}.
    {S} printed a small magazine that dealt with {v} and {w}.
    Accounts were kept by hand until {y}.
    A strict rule forbade members to discuss {v} after dinner.
    {P} is sometimes given as a founder in older books, which is a mistake.
    Women were admitted from {y}, after a close vote.
    The reading room was open to everybody on Sundays.
    Neighbours complained about the noise as early as {y}.
  `),
  structure: lines(`
    The first plans were rejected as too expensive, and a model was lost on the way to {t}.
    Repairs in {y} changed the outside considerably.
    {S} appears on countless postcards, usually taken from the south.
    Work stopped for two years because the ground proved softer than expected.
    A toll was collected until {y}.
    The keeper's house now contains a small display about {v}.
    {P} is said to have climbed it at night for a bet.
    Storms damaged the upper part more than once.
    There were proposals to pull {s} down, most recently in {y}.
    Painters liked the place for its light, poets for its echo.
  `),
  event: lines(`
    Reports of the day disagree on the number of people involved.
    Papers in {t} devoted whole pages to {s} and blamed {e}.
    {S} had been expected for months, yet nobody was prepared.
    Songs about {s} were still sung a generation later.
    A committee was set up and met for the last time in {y}.
    Eyewitnesses spoke of fog, shouting and a smell of smoke.
    The part played by {p} has been exaggerated.
    Debates about {v} overshadowed everything else.
    A painting that shows the scene hangs in a school in {t}.
    The costs were still being paid in {y}.
  `),
  species: lines(`
    Specimens in older collections are often wrongly labelled.
    {S} is active from late spring until the first cold nights.
    It was long thought to be a mere variety of a common relative.
    A drawing by {p} shows the details more clearly than any photograph.
    Numbers have fallen since {y}, mainly because of drainage.
    Nothing is known of its behaviour in captivity.
    A single find near {t} in {y} could not be confirmed.
    Farmers around {t} have a rude name for it.
  `),
  place: lines(`
    {S} is first mentioned in a deed that is now kept in {t}.
    The road to {t} was paved in {y}.
    Winters are long, and the wind from the north is a favourite subject of complaint.
    In {y} a quarter of the population left within a few months.
    A weekly coach connected {s} with {t}.
    The local dialect has eleven words for rain and none for hurry.
    {P} passed through once and left an unkind description.
    Old maps show {s} on the wrong side of the hills.
    A choir and a brass band keep up a friendly rivalry with those of {t}.
    Excavations in {y} brought coins, combs and a bronze spoon to light.
    The census of {y} counted fewer people than the one before.
    Festivals with themes such as {v} and {w} fill the summer.
  `),
}

/** The sentences that fit an article about something of this kind. */
export const fillerOf = (kind: Kind): readonly string[] => [...ofKind[kind], ...general]

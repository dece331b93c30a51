// What kinds of thing the encyclopedia describes. Each has words that articles use and other words that questions
// prefer: "articles' words | questions' words".
import { concepts } from './concept.ts'

export const professions = concepts({
  novelist: 'novelist/writer of novels | author of fiction/prose storyteller',
  poet: 'poet/writer of poems | author of verse/lyric versifier',
  playwright: 'playwright/dramatist | author of stage pieces/theatre scribe',
  painter: 'painter/portrait painter | artist of the brush/canvas artist',
  sculptor: 'sculptor/carver of statues | shaper of figures in stone/plastic artist',
  composer: 'composer/writer of symphonies | creator of musical scores/author of orchestral pieces',
  singer: 'opera singer/concert soloist | vocalist/performer of arias',
  architect: 'architect/designer of buildings | planner of edifices/master builder',
  engineer: 'engineer/railway engineer | technical constructor/mechanical inventor',
  physicist: 'physicist/professor of physics | researcher of matter and forces/natural philosopher',
  botanist: 'botanist/collector of plants | plant scientist/expert on flora',
  astronomer: 'astronomer/observer of stars | stargazer by trade/scholar of the heavens',
  chemist: 'chemist/professor of chemistry | laboratory scientist/investigator of substances',
  physician: 'physician/hospital doctor | medical practitioner/healer by calling',
  historian: 'historian/chronicler | scholar of the past/researcher of bygone times',
  politician: 'politician/member of parliament | legislator/holder of public office',
  general: 'general/army commander | military leader/high-ranking soldier',
  explorer: 'explorer/traveller | pioneer of unknown lands/leader of voyages',
  actor: 'actor/comedian | thespian/theatrical performer',
  director: 'film director/film-maker | cinema auteur/motion-picture creator',
  photographer: 'photographer/portrait photographer | camera artist/taker of pictures',
  cyclist: 'racing cyclist/road cyclist | competitor on two wheels/bicycle champion',
  chess: 'chess player/chess master | virtuoso of the royal game/grandmaster',
  lawyer: 'lawyer/barrister | jurist/legal advocate',
  journalist: 'journalist/reporter | press correspondent/columnist',
  banker: 'banker/financier | lender of capital/money magnate',
})

export const places = concepts({
  town: 'town/market town | municipality/settlement',
  port: 'port/harbour town | coastal settlement/seaside municipality',
  river: 'river/stream | watercourse/waterway',
  mountain: 'mountain/peak | summit/elevation',
  lake: 'lake/mountain lake | inland body of water/mere',
})

export const organisations = concepts({
  university: 'university/college | seat of higher learning/academic institution',
  brewery: 'brewery/brewing company | beer producer/maker of ales',
  shipyard: 'shipyard/shipbuilding company | builder of vessels/boatwright firm',
  newspaper: 'newspaper/daily paper | press organ/periodical',
  club: 'athletic club/sports club | team of amateurs/sporting association',
  museum: 'museum/picture gallery | house of exhibits/collection open to the public',
  theatre: 'theatre/playhouse | stage company/dramatic venue',
  bank: 'savings bank/bank | lending house/financial institution',
  hospital: 'hospital/infirmary | clinic/place of healing',
  railway: 'railway company/railway | train operator/rail carrier',
  publisher: 'publishing house/publisher | issuer of books/literary press',
})

export const works = concepts({
  novel: 'novel/three-volume novel | prose narrative/piece of fiction',
  poem: 'long poem/collection of poems | book of verse/cycle of stanzas',
  play: 'stage play/play in five acts | drama/theatrical piece',
  painting: 'painting/oil painting | canvas/brushwork picture',
  statue: 'statue/monumental statue | carved figure/sculpted likeness',
  opera: 'opera/opera in three acts | sung drama/lyric stage score',
  symphony: 'symphony/orchestral symphony | four-movement score/concert composition',
  film: 'film/feature film | motion picture/screen production',
  treatise: 'treatise/scientific handbook | learned volume/scholarly text',
  history: 'chronicle/history book | account of the past/record of earlier ages',
  album: 'collection of photographs/photograph album | set of camera images/folio of pictures',
})

export const structures = concepts({
  bridge: 'bridge/road bridge | river crossing/span',
  lighthouse: 'lighthouse/harbour light | beacon for ships/coastal tower with a lamp',
  viaduct: 'railway viaduct/viaduct | elevated track on arches/arched rail crossing',
  observatory: 'observatory/star observatory | building for watching the sky/telescope station',
  castle: 'castle/fortress | stronghold/fortified residence',
  church: 'church/abbey church | house of worship/religious edifice',
  station: 'railway station/terminus | train stop/rail hub',
})

export const events = concepts({
  battle: 'battle/engagement | armed clash/military encounter',
  expedition: 'expedition/survey expedition | journey of discovery/exploratory venture',
  exposition: 'exposition/industrial fair | public show of goods/trade exhibition',
  flood: 'flood/great flood | inundation/deluge',
  strike: "strike/general strike | labour stoppage/workers' walkout",
  congress: 'congress/scientific congress | gathering of scholars/learned assembly',
  race: 'cycle race/road race | wheel contest/long-distance competition',
})

export const species = concepts({
  moth: 'species of moth/moth | night-flying insect/nocturnal winged creature',
  orchid: 'species of orchid/orchid | flowering plant/blossoming herb',
  beetle: 'species of beetle/beetle | hard-shelled insect/armoured bug',
  fern: 'species of fern/fern | spore-bearing plant/frond plant',
})

/*
 * tokenizer_merges.c - the built-in merge list, for models without a vocabulary of their own.
 *
 * Made by ordinary byte-pair training over 133 captions (1,194 words on colours, shapes,
 * animals, people and scenes) written for this project: the most frequent pair first, ties in
 * alphabetical order, pairs seen at least twice. The order is the rank and gives the
 * ids: a change here changes what every model trained with this list reads.
 */
#include "model/tokenizer_internal.h"

/* clang-format off */
const char *const gcl_tokenizer_merges[GCL_TOKENIZER_MERGES] = {
    "i n", "in g</w>", "t h", "a n", "i t", "th e</w>", "o f</w>", "r e", "i n</w>", "o n</w>",
    "r o", "an d</w>", "e r</w>", "a r", "l o", "it h</w>", "s t", "w ith</w>", "a l", "e s</w>",
    "l e</w>", "u n", "r a", "a n</w>", "l a", "r i", "al l</w>", "b o", "e n</w>", "a t", "b e",
    "m o", "h o", "e r", "g e</w>", "i l", "c o", "h a", "i g", "a c", "e l", "h it", "lo w</w>",
    "t a", "a t</w>", "b l", "c k</w>", "hit e</w>", "s e</w>", "s m", "w hite</w>", "w o",
    "a r</w>", "d ing</w>", "v er</w>", "bl u", "d o", "e t</w>", "el low</w>", "h t</w>", "i r",
    "l e", "sm all</w>", "t ing</w>", "w n</w>", "y ellow</w>", "b ro", "blu e</w>", "d er</w>",
    "g re", "h e", "o r", "re d</w>", "ro un", "roun d</w>", "u r", "w at", "ac k", "d en</w>",
    "gre en</w>", "s k", "s t</w>", "t o", "ack g", "ackg round</w>", "an g", "b ackground</w>",
    "b la", "b u", "bla ck</w>", "bro wn</w>", "c e</w>", "f i", "f lo", "f o", "g ra", "ig ht</w>",
    "p a", "p ho", "p le</w>", "s h", "s s</w>", "un der</w>", "v e</w>", "w in", "wo o",
    "ar ge</w>", "b i", "co lo", "d e</w>", "i s</w>", "l arge</w>", "l d</w>", "o n", "p i", "q u",
    "re e</w>", "t o</w>", "u m", "wat er</w>", "woo den</w>", "a bo", "a v", "abo ve</w>",
    "ar k</w>", "b re", "b ri", "c a", "c lo", "c ro", "d ra", "e n", "e y", "f u", "flo w", "ha i",
    "ha s</w>", "hai r</w>", "ho r", "in ting</w>", "k e</w>", "k ing</w>", "l es</w>", "l i",
    "m an</w>", "mo n", "o ld</w>", "o ver</w>", "pa inting</w>", "ri ver</w>", "s e", "s i", "s s",
    "sk y</w>", "st ar", "y ing</w>", "an ge</w>", "ar e</w>", "ar t</w>", "av es</w>", "b a",
    "b all</w>", "b le</w>", "bi g</w>", "c h", "c ir", "c k", "c le</w>", "c y", "colo r",
    "d ark</w>", "d e", "d i", "e d</w>", "ey es</w>", "f l", "f ro", "fo re", "fore st</w>",
    "g la", "g s</w>", "in k</w>", "m a", "mo on</w>", "mo un", "moun ta", "n e", "n ight</w>",
    "n ing</w>", "n o", "n t</w>", "or ange</w>", "p la", "p ur", "pho to</w>", "pur ple</w>",
    "r ing</w>", "ra in</w>", "ro u", "s qu", "st on", "u se</w>", "w ing</w>", "w l</w>",
    "a l</w>", "a mon", "an ding</w>", "ang le</w>", "at ing</w>", "b ir", "be ar</w>", "be si",
    "besi de</w>", "bir d</w>", "bre a", "c at</w>", "c h</w>", "c he", "c t", "clo u", "clou d",
    "de s", "do w</w>", "dra wing</w>", "e ar", "er s</w>", "f f", "fl ying</w>", "flow er</w>",
    "fro nt</w>", "fu l", "ful l</w>", "g h</w>", "g ht</w>", "g on</w>", "g u", "gla ss</w>",
    "gra p", "h ig", "he art</w>", "hor se</w>", "i l</w>", "il ing</w>", "il l</w>", "in e</w>",
    "k it", "l ight</w>", "l l", "la ke</w>", "le aves</w>", "o m</w>", "o r</w>", "p ing</w>",
    "p ink</w>", "p p", "r y</w>", "re et</w>", "ri ding</w>", "ro om</w>", "rou gh</w>", "s no",
    "s o", "s p", "squ are</w>", "ss ing</w>", "st anding</w>", "st ra", "st reet</w>",
    "star s</w>", "ston e</w>", "t er</w>", "t ree</w>", "t ri", "t w", "ta ble</w>", "th ree</w>",
    "th rough</w>", "u p</w>", "w all</w>", "wat er", "win dow</w>", "wo man</w>", "' s</w>",
    "a iling</w>", "a u", "ac h</w>", "al king</w>", "amon d</w>", "an d", "ang es</w>",
    "ang les</w>", "ar bo", "ar k", "arbo r</w>", "at s</w>", "b r", "be ach</w>", "be low</w>",
    "bl es</w>", "bo at</w>", "bo ats</w>", "bo o", "bo wl</w>", "bre ll", "brell a</w>", "bri d",
    "bri ght</w>", "brid ge</w>", "bu il", "bu s", "buil ding</w>", "bus y</w>", "c ar", "c e",
    "c hair</w>", "c it", "c le", "c les</w>", "ca m", "ca st", "cam er", "camer a</w>",
    "cast le</w>", "ce an</w>", "ch il", "cir cle</w>", "cir cles</w>", "cit y</w>", "cle ar</w>",
    "cloud s</w>", "colo r</w>", "color fu", "color s</w>", "colorfu l</w>", "cro ss</w>",
    "cro ssing</w>", "ct angle</w>", "cy an</w>", "cy cle</w>", "d re", "d u", "des er",
    "deser t</w>", "di amond</w>", "do g</w>", "do or</w>", "do wn</w>", "dra gon</w>",
    "e ating</w>", "e g", "e t", "e ta", "e y</w>", "ear ing</w>", "eg eta", "egeta bles</w>",
    "el d</w>", "en gu", "engu in</w>", "er e</w>", "er n</w>", "f fi", "f t</w>", "ff e",
    "ffi c</w>", "fi eld</w>", "fi s", "fis h</w>", "flow ers</w>", "g a", "g i", "g o",
    "gra y</w>", "grap h</w>", "h arbor</w>", "h ill</w>", "hig h</w>", "ho l", "ho use</w>",
    "hol ding</w>", "hor t</w>", "i ce</w>", "i ck</w>", "i et</w>", "i on</w>", "i p</w>", "i s",
    "i t</w>", "ig h", "in gs</w>", "in ing</w>", "in s</w>", "it ting</w>", "j um", "jum ping</w>",
    "l ine</w>", "l ing</w>", "li p", "lo n", "lon g</w>", "mo r", "mor ning</w>", "mounta in</w>",
    "mounta ins</w>", "ne ar</w>", "o cean</w>", "o king</w>", "o un", "o v", "o wl</w>",
    "or anges</w>", "oun g</w>", "ov al</w>", "p at", "p enguin</w>", "p h", "p o", "pho to",
    "photo graph</w>", "pla ying</w>", "pp y</w>", "qu iet</w>", "ra ffic</w>", "re ctangle</w>",
    "re es</w>", "ro ck", "s ailing</w>", "s and</w>", "s ha", "s hort</w>", "s itting</w>", "s un",
    "se a</w>", "sh ip</w>", "sno w", "snow y</w>", "sp ac", "st ar</w>", "st or", "star ry</w>",
    "t all</w>", "t e</w>", "t le</w>", "t raffic</w>", "t rain</w>", "t rees</w>", "ta il</w>",
    "th ere</w>", "th is</w>", "to p</w>", "to w", "tow er</w>", "tri angles</w>", "tw o</w>",
    "um brella</w>", "v egetables</w>", "v i", "v ing</w>", "w alking</w>", "w earing</w>", "w i",
    "water color</w>", "win gs</w>", "y oung</w>"
};
/* clang-format on */

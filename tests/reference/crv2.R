# Golden numbers of CRV1 and CRV2 for tests/reference/test_crv2.py: estimate, standard error, Satterthwaite df and p.
# Run in this folder:  Rscript crv2.R            (writes crv2_golden.csv)
#                      Rscript crv2.R other.csv  (the test compares the two)
# Made with R 4.x from Debian: clubSandwich 0.5.8, estimatr 1.0.0.
#
# Methods
#   identity   vcovCR(type = "CR2", target = 1, inverse_var = FALSE): errors with one variance, weights or not.
#   inverse    vcovCR(type = "CR2", inverse_var = TRUE): error variance proportional to 1/w, symmetric adjustment.
#              (Not target = 1/w with inverse_var = TRUE: clubSandwich scales weights to mean 1, and df come out wrong.)
#   scaled     every column of lm times sqrt(w), then CR2 without weights: error variance proportional to 1/w as well, with
#              the other root of the same equation A(I - H)V(I - H)'A' = V; village sums allow this one.
#   estimatr   lm_robust(se_type = "CR2"): the same as identity, with and without weights. evalkit follows both, except
#              where a household's weight changes by round: there it takes scaled.
# Households and rounds are dummies of lm; nothing is demeaned beforehand.

suppressPackageStartupMessages({library(clubSandwich); library(estimatr)})
options(warn = 2)
golden <- list()

add <- function(case, method, term, estimate, se, df, p) {
  golden[[length(golden) + 1]] <<- data.frame(case, method, term, estimate, std_error = se, df, p_value = p)
}

club <- function(case, method, fit, cluster, terms, labels = terms) {
  V <- if (method == "inverse") vcovCR(fit, cluster = cluster, type = "CR2", inverse_var = TRUE)
       else vcovCR(fit, cluster = cluster, type = "CR2", target = rep(1, nobs(fit)), inverse_var = FALSE)
  test <- coef_test(fit, vcov = V, test = "Satterthwaite", coefs = terms)
  for (i in seq_along(terms)) add(case, method, labels[i], test$beta[i], test$SE[i], test$df_Satt[i], test$p_Satt[i])
}

robust <- function(case, formula, data, weighted = NULL, term) {
  fit <- if (is.null(weighted)) lm_robust(formula, data, clusters = village, se_type = "CR2")
         else lm_robust(formula, data, clusters = village, weights = data[[weighted]], se_type = "CR2")
  add(case, "estimatr", term, coef(fit)[[term]], fit$std.error[[term]], fit$df[[term]], fit$p.value[[term]])
}

# One round -----------------------------------------------------------------------------------------------------------
cross <- read.csv("crv2_cross.csv")
for (case in list(
  list("itt",                  y ~ treated,                          NULL,     "treated"),
  list("itt_weights",          y ~ treated,                          "weight", "treated"),
  list("itt_strata",           y ~ stratum + treated,                NULL,     "treated"),
  list("itt_strata_weights",   y ~ stratum + treated,                "weight", "treated"),
  list("itt_covariates",       y ~ stratum + x + crop + treated,     NULL,     "treated"),
  list("itt_covariates_weights", y ~ stratum + x + crop + treated,   "weight", "treated"),
  list("itt_member",           y ~ member,                           NULL,     "member"),
  list("itt_member_village",   y ~ village + member,                 NULL,     "member"),
  list("itt_member_village_weights", y ~ village + member,           "weight", "member"))) {
  cross$w <- if (is.null(case[[3]])) NULL else cross[[case[[3]]]]
  environment(case[[2]]) <- environment()
  fit <- if (is.null(case[[3]])) lm(case[[2]], cross) else lm(case[[2]], cross, weights = w)
  club(case[[1]], "identity", fit, cross$village, case[[4]])
  if (!is.null(case[[3]])) club(case[[1]], "inverse", fit, cross$village, case[[4]])
  robust(case[[1]], case[[2]], cross, case[[3]], case[[4]])
}

# Households followed over rounds -------------------------------------------------------------------------------------
repeated <- function(name) {
  d <- read.csv(paste0("crv2_", name, ".csv"))
  d <- d[ave(d$round, d$household, FUN = length) > 1, ]  # a household seen once says nothing, and its dummy fits it exactly
  d$period <- factor(d$round)
  d$treated <- as.numeric(d$first > 0 & d$round >= d$first)
  d$member <- as.numeric(d$first_member > 0 & d$round >= d$first_member)
  d
}
did <- function(case, d, formula, weight = NULL, method = "identity", term = "treated") {
  d$w <- if (is.null(weight)) NULL else d[[weight]]
  environment(formula) <- environment()
  fit <- if (is.null(weight)) lm(formula, d) else lm(formula, d, weights = w)
  club(case, method, fit, d$village, term)
  if (method == "inverse") club(case, "scaled", scaled(fit, d$w), d$village, term)
}
scaled <- function(fit, w) {
  x <- model.matrix(fit) * sqrt(w)
  y <- model.response(model.frame(fit)) * sqrt(w)
  renamed <- lm(y ~ 0 + x)
  names(renamed$coefficients) <- colnames(x)
  renamed
}
plain <- y ~ household + period + treated
with_x <- y ~ household + period + x + treated
members <- y ~ household + period + member
for (name in c("panel", "staggered", "few")) {
  d <- repeated(name)
  did(paste0("did_", name), d, plain)
  did(paste0("did_", name, "_weights"), d, plain, "weight")
  did(paste0("did_", name, "_round_weights"), d, plain, "round_weight", "inverse")
}
d <- repeated("panel")
robust("did_panel", plain, d, term = "treated")
did("did_panel_x", d, with_x)
did("did_panel_x_weights", d, with_x, "weight")
did("did_panel_x_round_weights", d, with_x, "round_weight", "inverse")
did("did_member", d, members, term = "member")
did("did_member_weights", d, members, "weight", term = "member")
did("did_member_round_weights", d, members, "round_weight", "inverse", "member")
did("pre_post", d[d$first > 0, ], y ~ household + treated)
did("pre_post_weights", d[d$first > 0, ], y ~ household + treated, "weight")

# Event study: one coefficient an event time, base -1; att weights them by the treated rows, times of one village left out
# (linear_contrast of clubSandwich 0.5.8 fails, so att is made a coefficient: in the last averaged event time's place)
event_study <- function(case, d, weight = NULL, method = "identity") {
  d$event <- ifelse(d$first > 0, d$round - d$first, NA)
  times <- setdiff(sort(unique(d$event)), -1)
  names <- sub("-", "m", paste0("event_", times))
  for (i in seq_along(times)) d[[names[i]]] <- as.numeric(!is.na(d$event) & d$event == times[i])
  d$w <- if (is.null(weight)) rep(1, nrow(d)) else d[[weight]]
  regress <- function(terms, labels = terms) {
    formula <- reformulate(c("household", "period", names), "y")
    environment(formula) <- environment()
    fit <- if (is.null(weight)) lm(formula, d) else lm(formula, d, weights = w)
    club(case, method, fit, d$village, terms, labels)
    if (method == "inverse") club(case, "scaled", scaled(fit, d$w), d$village, terms, labels)
  }
  regress(names)
  villages <- sapply(times, function(k) length(unique(d$village[which(d$event == k)])))
  share <- sapply(times, function(k) sum(d$w[which(d$event == k)])) * (times >= 0 & villages > 1)
  share <- share / sum(share)
  last <- max(which(share > 0))
  place <- d[[names[last]]] / share[last]
  for (i in setdiff(which(share > 0), last)) d[[names[i]]] <- d[[names[i]]] - share[i] * place
  d[[names[last]]] <- place
  regress(names[last], "att")
}
event_study("event_study_staggered", repeated("staggered"))
event_study("event_study_staggered_weights", repeated("staggered"), "weight")
event_study("event_study_staggered_round_weights", repeated("staggered"), "round_weight", "inverse")
event_study("event_study_lone", repeated("lone"))
event_study("event_study_lone_weights", repeated("lone"), "weight")
event_study("event_study_lone_round_weights", repeated("lone"), "round_weight", "inverse")
d <- repeated("lone")
did("did_lone", d[d$first != 4, ], plain)

golden <- do.call(rbind, golden)
golden$term <- sub("^event_m", "event_time=-", sub("^event_([0-9])", "event_time=\\1", golden$term))
golden$term[golden$term %in% c("treated", "member")] <- "att"
for (column in c("estimate", "std_error", "df", "p_value")) golden[[column]] <- trimws(formatC(golden[[column]], digits = 17, format = "g"))
out <- commandArgs(trailingOnly = TRUE)
write.csv(golden, if (length(out)) out[1] else "crv2_golden.csv", row.names = FALSE, quote = FALSE)
